"""One picture of all slides of a run, made of their previews, with what needs a look first.

No slide is opened. A run of many slides gives several pages.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw, ImageFont

from common.files import whole_file
from common.outcomes import summary
from layer1_extract.lettering import shortened, wrapped
from layer1_extract.preview import PICTURE_SIZE, SMALL_SIZE, small_picture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from common.outcomes import Outcome

Colour = tuple[int, int, int]
PER_PAGE: Final = 96
COLUMNS: Final = 8
CELL: Final = (SMALL_SIZE[0] + 12, SMALL_SIZE[1] + 112)
"""Width and height of one slide's cell, px."""

RED: Final = (200, 0, 0)
GREY: Final = (120, 120, 120)
PALE: Final = (215, 215, 215)
BLACK: Final = (20, 20, 20)
PREVIEWS: Final = "previews"
_STEM: Final = "slides"
_HEAD_PX: Final = 34
_MARGIN: Final = 6
_PICTURE: Final = SMALL_SIZE
_LINE_PX: Final = 15
_LINES: Final = 6  # of text below a picture
_TEXT_PX: Final = 12
_COUNTED: Final = ("tumor", "normal", "unknown")


def write_slides_sheet(out: Path, outcomes: Sequence[Outcome]) -> Path:
    """Write ``slides.png``, and ``slides-2.png`` and so on where one page is not enough.

    Parameters
    ----------
    out : Path
        Folder of the results, with ``previews/<name>.png``.
    outcomes : sequence of Outcome
        Of slides or parts of slides. Failed ones come first, then suspect ones, then empty ones.

    Returns
    -------
    Path
        The first page. Pages of an earlier, longer sheet are removed.
    """
    ordered = sorted(outcomes, key=lambda outcome: (_urgency(outcome), outcome.name))
    pages = max(1, -(-len(ordered) // PER_PAGE))
    for page in range(pages):
        shown = ordered[page * PER_PAGE : (page + 1) * PER_PAGE]
        head = _head(ordered, f"page {page + 1} of {pages}" if pages > 1 else "")
        with whole_file(page_path(out, page)) as partial:
            _sheet(out / PREVIEWS, shown, head).save(partial, format="PNG")
    while page_path(out, pages).exists():
        page_path(out, pages).unlink()
        pages += 1
    return page_path(out, 0)


def page_path(out: Path, page: int) -> Path:
    """Where a page, counted from 0, lies in a folder of results."""
    return out / (f"{_STEM}-{page + 1}.png" if page else f"{_STEM}.png")


def _urgency(outcome: Outcome) -> int:
    if outcome.status == "failed":
        return 0
    return 1 if outcome.suspect else {"empty": 2}.get(outcome.status, 3)


def _head(outcomes: Sequence[Outcome], page: str) -> str:
    suspect = sum(bool(outcome.suspect) for outcome in outcomes)
    count = summary(outcomes).splitlines()[0]
    return ", ".join(text for text in (f"{count}, {suspect} suspect", page) if text)


def _sheet(previews: Path, outcomes: Sequence[Outcome], head: str) -> Image.Image:
    columns = max(3, min(COLUMNS, len(outcomes)))
    rows = -(-len(outcomes) // columns)
    sheet = Image.new("RGB", (columns * CELL[0], _HEAD_PX + rows * CELL[1]), "white")
    font = ImageFont.load_default(size=16)
    text = shortened(head, sheet.width - 2 * _MARGIN, font)
    ImageDraw.Draw(sheet).text((_MARGIN, 8), text, fill=BLACK, font=font)
    for place, outcome in enumerate(outcomes):
        row, column = divmod(place, columns)
        cell = _cell(previews / f"{outcome.name}.png", outcome)
        sheet.paste(cell, (column * CELL[0], _HEAD_PX + row * CELL[1]))
    return sheet


def _cell(preview: Path, outcome: Outcome) -> Image.Image:
    cell = Image.new("RGB", CELL, "white")
    draw = ImageDraw.Draw(cell)
    picture = _picture(preview)
    if picture is None:
        draw.text((_MARGIN + 50, 90), "no preview to show", fill=GREY, font_size=_TEXT_PX)
    else:
        left, top = (CELL[0] - picture.width) // 2, (_PICTURE[1] - picture.height) // 2
        cell.paste(picture, (left, _MARGIN + top))
    alarming = _urgency(outcome) <= 1
    font = ImageFont.load_default(size=_TEXT_PX)
    for row, (text, colour) in enumerate(_lines(outcome, font)):
        place = (_MARGIN, _PICTURE[1] + 2 * _MARGIN + row * _LINE_PX)
        draw.text(place, text, fill=colour, font=font)
    frame = (1, 1, CELL[0] - 2, CELL[1] - 2)
    draw.rectangle(frame, outline=RED if alarming else PALE, width=3 if alarming else 1)
    return cell


def _lines(
    outcome: Outcome, font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> list[tuple[str, Colour]]:
    """What is said of a slide: its name, how it ended, and why it needs a look."""
    width = CELL[0] - 2 * _MARGIN
    counts = [f"{outcome.counts[name]} {name}" for name in _COUNTED if outcome.counts.get(name)]
    part = [f"part {outcome.part} of {outcome.parts}"] if outcome.parts > 1 else []
    ended = ", ".join([*part, outcome.status, *counts])
    lines: list[tuple[str, Colour]] = [
        (shortened(outcome.slide_id, width, font), BLACK),
        (shortened(ended, width, font), RED if outcome.status == "failed" else GREY),
    ]
    why = outcome.suspect or ("" if outcome.status == "done" else outcome.reason)
    if why:
        colour = RED if _urgency(outcome) <= 1 else GREY
        reason = [(line, colour) for line in wrapped(why, width, font)]
        left = _LINES - len(lines)
        if len(reason) > left:
            reason = [*reason[: left - 1], (f"{reason[left - 1][0][:-3]}...", colour)]
        lines += reason
    return lines


def _picture(preview: Path) -> Image.Image | None:
    """The small picture of a preview, in the size of a cell; None where there is no preview."""
    try:
        with Image.open(preview) as image, suppress(KeyError):
            return small_picture(image)
        return _shrunk(preview)  # one of an older version
    except (OSError, ValueError, Image.DecompressionBombError):
        return None  # a sheet that shows what is missing serves better than none


def _shrunk(preview: Path) -> Image.Image:
    """The picture of a preview without its lines of text."""
    with Image.open(preview) as image:
        size = str(image.info.get(PICTURE_SIZE, f"{image.width} {image.height}"))
        width, height = (int(number) for number in size.split())
        picture = image.convert("RGB").crop((0, 0, width, height))
    picture.thumbnail(_PICTURE, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return picture
