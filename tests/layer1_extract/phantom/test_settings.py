from __future__ import annotations

import pytest

from common.errors import ConfigError
from layer1_extract.phantom.settings import PhantomSettings


def test_tumour_differs_in_area_and_texture_unless_told_otherwise():
    assert PhantomSettings().differ == {"area", "texture"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"slides": 0}, "slides: expected 1 to 300, found 0"),
        ({"slides": 301}, "found 301"),
        ({"size": 1000}, "multiple of 512 px from 1024 to 16384, found 1000"),
        ({"size": 512}, "found 512"),
        ({"size": 16896}, "found 16896"),
        ({"seed": -1}, "seed: expected 0 or more, found -1"),
        ({"differ": frozenset()}, "found nothing"),
        ({"differ": frozenset({"area", "colour"})}, "found area,colour"),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_value(wrong, message):
    with pytest.raises(ConfigError, match=message):
        PhantomSettings(**wrong)


def test_every_mistake_is_said_at_once():
    with pytest.raises(ConfigError) as refused:
        PhantomSettings(slides=0, size=1, differ=frozenset({"smell"}))

    assert str(refused.value).count("expected") == 3
