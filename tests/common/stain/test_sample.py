from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from patch_files import write_patch_file

from common.patch_file.reader import PatchFile
from common.stain.sample import patches_of, spread


@given(total=st.integers(0, 10**7), most=st.integers(1, 300))
def test_what_is_taken_is_spread_evenly_and_never_twice(total, most):
    taken = spread(total, most)

    assert len(taken) == min(total, most)
    assert np.array_equal(taken, np.unique(taken))
    if len(taken):
        assert 0 <= taken[0] <= taken[-1] < total
        steps = np.diff(taken, prepend=-1, append=total)
        assert steps[1:-1].size == 0 or np.ptp(steps[1:-1]) <= 1


def files(folder):
    """A slide in two parts and two codecs."""
    jpeg = {"n": 6, "part": 1, "parts": 2, "codec": "jpeg"}
    first = write_patch_file(folder, "slide", n=10, part=0, parts=2)
    return [PatchFile(first), PatchFile(write_patch_file(folder, "slide", **jpeg))]


def test_patches_are_spread_over_the_parts_of_a_slide(tmp_path):
    parts = files(tmp_path)

    found = patches_of(parts, 4)

    wanted = np.concatenate([parts[0].read([2, 6]), parts[1].read([0, 4])])
    assert np.array_equal(found, wanted)
    assert np.array_equal(patches_of(parts[::-1], 4), wanted)


def test_a_small_slide_gives_all_its_patches(tmp_path):
    parts = files(tmp_path)

    assert len(patches_of(parts, 64)) == 16


def test_a_slide_without_patches_gives_none(tmp_path):
    empty = PatchFile(write_patch_file(tmp_path, "empty", n=0))

    assert patches_of([empty], 64).shape == (0, 16, 16, 3)
