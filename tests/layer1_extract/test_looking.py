from __future__ import annotations

import numpy as np
import pytest
from fakes import FakeSlide, painted
from hypothesis import given
from hypothesis import strategies as st

from common.config import load
from common.errors import PixelError
from common.geometry import Pyramid
from common.patch_file.schema import REASONS
from common.patches import PatchSpec
from layer1_extract.config import ExtractSettings
from layer1_extract.looking import looking

PINK, GLASS, SIZE = (220, 150, 190), (250, 250, 250), 8
SPEC = PatchSpec(SIZE, 0.5)


class Damaged(FakeSlide):
    """Patches that begin at x = 16 do not decode."""

    def read(self, x, y, spec):
        if x == 16:
            raise PixelError("pixels: expected pixels that decode, found none")
        return super().read(x, y, spec)


def slide(kind=FakeSlide):
    """Pink in the left half of 64 x 64 px."""
    return kind(Pyramid(((64, 64),), 0.5), painted({(0, 0, 32, 64): PINK, (32, 0, 64, 64): GLASS}))


def corners():
    y, x = np.mgrid[0:64:SIZE, 0:64:SIZE]
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.int64)


def looked(kind=FakeSlide, threads=1, codec="raw"):
    settings = load(ExtractSettings, None, [f"storage.codec={codec}"])
    return list(looking(slide(kind), SPEC, settings, threads)(corners()))


@given(threads=st.integers(1, 4), bytes_=st.integers(1, 5000))
def test_all_places_come_in_order_however_they_are_cut(threads, bytes_):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("layer1_extract.looking._STRETCH_BYTES", bytes_)
        parts = looked(threads=threads)

    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    reasons = np.concatenate([part.reasons for part in parts])
    assert np.array_equal(reasons == REASONS["white"], corners()[:, 0] >= 32)
    assert sum(len(part.stored) for part in parts) == 32


def test_what_does_not_decode_is_unreadable_and_not_stored():
    (part,) = looked(Damaged)

    assert np.array_equal(part.reasons == REASONS["unreadable"], corners()[:, 0] == 16)
    assert len(part.stored) == 24


@pytest.mark.parametrize(("codec", "kind"), [("jpeg", list), ("none", type(None))])
def test_patches_are_stored_as_the_codec_says(codec, kind):
    assert isinstance(looked(codec=codec)[0].stored, kind)
