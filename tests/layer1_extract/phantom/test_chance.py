from __future__ import annotations

import pytest

from layer1_extract.phantom.chance import stream


def test_the_same_purpose_on_the_same_slide_draws_the_same_numbers():
    assert stream(3, "a", "fat").random(5).tolist() == stream(3, "a", "fat").random(5).tolist()


@pytest.mark.parametrize("other", [(4, "a", "fat"), (3, "b", "fat"), (3, "a", "ink")])
def test_another_seed_slide_or_purpose_draws_others(other):
    assert stream(3, "a", "fat").random() != stream(*other).random()
