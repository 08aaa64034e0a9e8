from __future__ import annotations

import numpy as np

from common.errors import PixelError
from common.one_by_one import OneByOne
from common.patches import PatchSpec

SPEC = PatchSpec(4, 0.5)


class Painted:
    """Patches whose red is their x; those at x = 13 do not decode."""

    reader = "painted 1"

    def read(self, x, y, spec):
        if x == 13:
            raise PixelError(
                "slide.tif: pixels at (13, 0): expected pixels that decode, found none"
            )
        return np.full((spec.size, spec.size, 3), (x, y, 0), dtype=np.uint8)


def reading(*corners):
    return OneByOne(Painted(), np.array(corners, dtype=np.int64).reshape(-1, 2), SPEC)


def test_patches_come_in_the_order_of_their_places():
    patches, readable = reading((5, 1), (3, 2), (9, 3)).read(0, 3)

    assert patches[:, 0, 0].tolist() == [[5, 1, 0], [3, 2, 0], [9, 3, 0]]
    assert readable.all()


def test_a_stretch_has_its_own_patches_alone():
    patches, readable = reading((5, 1), (3, 2), (9, 3)).read(1, 2)

    assert patches[:, 0, 0].tolist() == [[3, 2, 0]]
    assert readable.tolist() == [True]


def test_a_patch_that_does_not_decode_is_white_and_said_so_and_the_others_are_read():
    patches, readable = reading((5, 1), (13, 0), (9, 3)).read(0, 3)

    assert readable.tolist() == [True, False, True]
    assert (patches[1] == 255).all()
    assert patches[[0, 2], 0, 0].tolist() == [[5, 1, 0], [9, 3, 0]]


def test_no_place_is_no_patch():
    empty = reading()

    patches, readable = empty.read(0, 0)

    assert (len(empty), empty.reader) == (0, "painted 1")
    assert (patches.shape, readable.shape) == ((0, 4, 4, 3), (0,))
