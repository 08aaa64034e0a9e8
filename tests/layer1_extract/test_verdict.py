from __future__ import annotations

from pathlib import Path

import pytest

from common.cohort import SlideEntry
from common.config import load
from common.errors import SlideError
from layer1_extract.config import ExtractSettings
from layer1_extract.verdict import refuse_undecoded, unreadable_note

ENTRY = SlideEntry("s", Path("s.tif"))


def counts(kept, unreadable, background=1000):
    return {
        "kept": kept,
        "white": 0,
        "black": 0,
        "unreadable": unreadable,
        "background": background,
    }


@pytest.mark.parametrize(("kept", "unreadable"), [(95, 5), (1, 0), (0, 0)])
def test_a_few_patches_may_fail_to_decode(kept, unreadable):
    refuse_undecoded(ENTRY, load(ExtractSettings, None, []), counts(kept, unreadable))


def test_the_share_is_of_the_patches_read_not_of_glass():
    with pytest.raises(SlideError, match=r"s.tif: pixels: .* at most 5.0% .* found 6 of 100"):
        refuse_undecoded(ENTRY, load(ExtractSettings, None, []), counts(94, 6))


def test_a_person_is_told_of_patches_that_do_not_decode():
    assert unreadable_note(counts(1, 2)) == ["2 patches do not decode and were rejected"]
    assert unreadable_note(counts(1, 0)) == []
