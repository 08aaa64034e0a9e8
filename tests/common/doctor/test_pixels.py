from __future__ import annotations

import sys
import tempfile

import numpy as np
import pytest

from common import openslide_slide, tile_reading
from common.doctor.pixels import look, painted


def test_the_pixels_of_both_readers_are_those_that_were_painted():
    (found,) = look()

    assert found.state == "ok"
    assert openslide_slide.library_version() in found.said


def test_no_turn_and_no_swap_of_colours_leaves_the_board_as_it_was():
    board = painted()

    for other in (board[::-1], board[:, ::-1], board.swapaxes(0, 1), board[..., ::-1]):
        assert not np.array_equal(board, other)
    assert not np.array_equal(board[:-1], board[1:])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda pixels: pixels[..., ::-1], "an uncompressed slide"),
        (lambda pixels: np.roll(pixels, 1, axis=0), "an uncompressed slide"),
    ],
    ids=["colours", "place"],
)
def test_an_openslide_that_reads_wrong_pixels_is_found(monkeypatch, change, said):
    own = openslide_slide.on_white
    monkeypatch.setattr(openslide_slide, "on_white", lambda rgba: change(own(rgba)))

    (found,) = look()

    assert found.state == "failed"
    assert said in found.said


def test_a_decoder_that_differs_from_openslides_is_not_used(monkeypatch):
    own = tile_reading.TileReading.read

    def brighter(self, start, stop):
        patches, readable = own(self, start, stop)
        return np.maximum(patches, 1) - 1, readable

    monkeypatch.setattr(tile_reading.TileReading, "read", brighter)

    (found,) = look()

    assert found.state == "warning"
    assert "read by OpenSlide alone" in found.advice


def test_an_old_library_is_told(monkeypatch):
    monkeypatch.setattr(openslide_slide, "library_version", lambda: "3.4.1")

    (found,) = look()

    assert found.state == "warning"
    assert found.said.startswith("OpenSlide 3.4.1")


def test_a_library_that_does_not_load_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "common.openslide_slide", None)

    (found,) = look()

    assert found.state == "failed"
    assert "cannot be loaded" in found.said


def test_without_room_for_a_slide_it_says_so(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/no/such")

    (found,) = look()

    assert found.state == "warning"
