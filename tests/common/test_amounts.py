from __future__ import annotations

import pytest

from common.amounts import counted, size


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (1_000, "1 kB"), (3_450_000, "3.5 MB"), (24_700_000_000, "25 GB")],
)
def test_bytes_are_told_in_the_unit_that_fits(count, words):
    assert size(count) == words


def test_one_thing_is_not_several():
    assert (counted(1, "file"), counted(2_000, "file")) == ("1 file", "2,000 files")
