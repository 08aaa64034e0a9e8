from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from common.outcomes import Outcome
from layer1_extract.preview import PICTURE_SIZE, SMALL
from layer1_extract.slides_sheet import CELL, PER_PAGE, RED, page_path, write_slides_sheet

BLUE = (10, 20, 230)
HEAD_PX = 34


def preview(out, name, colour=BLUE, size=(1200, 900)):
    (out / "previews").mkdir(exist_ok=True)
    image = Image.new("RGB", (size[0], size[1] + 100), "yellow")
    image.paste(colour, (0, 0, *size))
    said = PngInfo()
    said.add_text(PICTURE_SIZE, f"{size[0]} {size[1]}")
    image.save(out / "previews" / f"{name}.png", pnginfo=said)


def small_preview(out, name, colour):
    """A preview whose small picture has a colour of its own."""
    (out / "previews").mkdir(exist_ok=True)
    stream = io.BytesIO()
    Image.new("RGB", (200, 150), colour).save(stream, format="PNG")
    said = PngInfo()
    said.add(SMALL, stream.getvalue())
    Image.new("RGB", (1200, 900), "yellow").save(out / "previews" / f"{name}.png", pnginfo=said)


def done(name, **fields):
    return Outcome(name, "done", counts={"kept": 7, "tumor": 3, "normal": 4}, **fields)


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def cells(path):
    """The cells of a page, (rows, columns, height, width, 3) uint8."""
    picture = pixels(path)[HEAD_PX:]
    rows, columns = picture.shape[0] // CELL[1], picture.shape[1] // CELL[0]
    return picture.reshape(rows, CELL[1], columns, CELL[0], 3).swapaxes(1, 2)


def has(cell, colour):
    return (cell == colour).all(axis=2).sum() > 100


def test_each_slide_has_its_picture_without_the_lines_of_text(tmp_path):
    for name in ("a", "b"):
        preview(tmp_path, name)

    path = write_slides_sheet(tmp_path, [done("b"), done("a")])

    assert path == tmp_path / "slides.png"
    shown = cells(path)
    assert shown.shape[:2] == (1, 3)
    assert has(shown[0, 0], BLUE)
    assert has(shown[0, 1], BLUE)
    assert not has(shown[0, 2], BLUE)
    assert not has(shown[0, 0], (255, 255, 0))
    assert not has(shown[0, 0], RED)


def test_failed_and_suspect_slides_come_first_and_in_red(tmp_path):
    green = (10, 200, 20)
    for name in ("a", "b"):
        preview(tmp_path, name)
    preview(tmp_path, "odd", green)

    shown = cells(
        write_slides_sheet(
            tmp_path,
            [
                done("a"),
                done("odd", suspect="tissue in 400 pieces"),
                Outcome("broken", "failed", "broken.tif: pixels: expected pixels that decode"),
                Outcome("b", "empty", "no tissue found"),
            ],
        )
    )

    assert [has(shown[0, column], RED) for column in range(4)] == [True, True, False, False]
    assert [has(shown[0, column], BLUE) for column in range(4)] == [False, False, True, True]
    assert has(shown[0, 1], green)


def test_what_a_cell_says_stays_within_its_frame(tmp_path):
    long = "a_slide_of_a_name_without_any_place_to_break_it " * 9

    shown = cells(write_slides_sheet(tmp_path, [Outcome("x" * 90, "failed", long)]))[0, 0]

    inner = shown[4:-4, 4:-4].reshape(-1, 3)
    frame = np.concatenate([shown[1:4, 1:-1].reshape(-1, 3), shown[-4:-1, 1:-1].reshape(-1, 3)])
    assert (inner == RED).all(axis=1).any()
    assert (frame == RED).all()


def test_a_thousand_slides_are_shown_on_pages(tmp_path):
    many = [done(f"s{number:04}") for number in range(1000)]

    write_slides_sheet(tmp_path, many)

    pages = -(-1000 // PER_PAGE)
    sizes = [pixels(page_path(tmp_path, page)).shape for page in range(pages)]
    assert not page_path(tmp_path, pages).exists()
    assert max(max(size) for size in sizes) < 4000
    assert page_path(tmp_path, 1).name == "slides-2.png"


def test_pages_of_an_earlier_longer_sheet_are_removed(tmp_path):
    write_slides_sheet(tmp_path, [done(f"s{number}") for number in range(3 * PER_PAGE)])

    write_slides_sheet(tmp_path, [done("s0")])

    assert sorted(path.name for path in tmp_path.glob("slides*")) == ["slides.png"]


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"text"])
def test_a_damaged_preview_does_not_stop_the_sheet(tmp_path, content):
    (tmp_path / "previews").mkdir()
    (tmp_path / "previews" / "a.png").write_bytes(content)
    preview(tmp_path, "b")

    shown = cells(write_slides_sheet(tmp_path, [done("a"), done("b")]))

    assert not has(shown[0, 0], BLUE)
    assert has(shown[0, 1], BLUE)


def test_parts_are_shown_by_their_own_names(tmp_path):
    preview(tmp_path, "a.part-1-of-2")

    shown = cells(write_slides_sheet(tmp_path, [done("a", part=1, parts=2)]))

    assert has(shown[0, 0], BLUE)


def test_what_is_shown_was_drawn_for_the_size_it_is_shown_in(tmp_path):
    small_preview(tmp_path, "a", BLUE)

    shown = cells(write_slides_sheet(tmp_path, [done("a")]))

    assert (shown[0, 0] == BLUE).all(axis=2).sum() == 200 * 150


def test_parts_of_a_slide_of_a_long_name_can_be_told_apart(tmp_path):
    name = "a_slide_of_a_name_that_is_much_longer_than_a_cell_is_wide"

    shown = cells(write_slides_sheet(tmp_path, [done(name, part=k, parts=3) for k in range(3)]))

    assert not np.array_equal(shown[0, 0], shown[0, 1])
    assert not np.array_equal(shown[0, 1], shown[0, 2])


def test_no_slides_give_an_empty_sheet(tmp_path):
    assert write_slides_sheet(tmp_path, []).exists()
