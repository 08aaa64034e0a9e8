"""What is answered to each address. Numbers are looked up; nothing else is."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from common.errors import ContractError, SlideError
from layer3_infer.viewer.deep_zoom import DeepZoom
from layer3_infer.viewer.heat_layer import heat_png
from layer3_infer.viewer.pages import list_page, slide_page
from layer3_infer.viewer.pictures import encoded, read_picture
from layer3_infer.viewer.templates import asset
from layer3_infer.viewer.tile_cache import TileCache

if TYPE_CHECKING:
    from collections.abc import Callable

    from layer3_infer.viewer.table import SlideTable

HTML: Final = "text/html; charset=utf-8"
SCRIPTS: Final = ("viewer/viewer.js", "viewer/problem.js")
STYLES: Final = ("viewer/page.css", "viewer/viewer.css")
_TILE: Final = re.compile(r"(\d{1,2})/(\d{1,7})_(\d{1,7})\.(jpg|png)")
_SLIDE: Final = re.compile(r"(\d{1,7})/(.*)")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """One answer.

    Attributes
    ----------
    status : int
    kind : str
        Content type.
    body : bytes
    """

    status: int
    kind: str
    body: bytes


NOT_FOUND: Final = Answer(404, "text/plain; charset=utf-8", b"There is nothing here.\n")
UNREADABLE: Final = Answer(
    500, "text/plain; charset=utf-8", b"This cannot be read; the program's log says why.\n"
)


class Answers:
    """Everything that is served. Threads may share it."""

    def __init__(self, table: SlideTable) -> None:
        self.table = table
        self._cache = TileCache(table.settings.cache_mb * 1_000_000)

    def to(self, address: str) -> Answer:
        """The answer to an address below the secret one, without its first ``/``."""
        fixed: dict[str, Callable[[], Answer]] = {
            "": lambda: _text(list_page(self.table), HTML),
            "viewer.js": lambda: _text(asset(*SCRIPTS), "text/javascript; charset=utf-8"),
            "viewer.css": lambda: _text(asset(*STYLES), "text/css; charset=utf-8"),
        }
        if address in fixed:
            return fixed[address]()
        found = _SLIDE.fullmatch(address)
        if found is None or int(found[1]) >= len(self.table.results):
            return NOT_FOUND
        try:
            return self._of_slide(int(found[1]), found[2])
        except (SlideError, ContractError) as error:
            log.warning("%s", error)
            return UNREADABLE

    def _of_slide(self, number: int, rest: str) -> Answer:
        if rest == "":
            return _text(slide_page(self.table, number), HTML)
        if rest == "picture.jpg":
            path = self.table.folder.picture(self.table.results[number].slide_id)
            return Answer(200, "image/jpeg", encoded(read_picture(path), ".jpg"))
        zoom = self._zoom(number)
        if rest in {"slide.dzi", "heatmap.dzi"}:
            kind = "jpg" if rest == "slide.dzi" else "png"
            return _text(zoom.descriptor(kind), "application/xml; charset=utf-8")
        layer, _, tile = rest.partition("_files/")
        place = _TILE.fullmatch(tile)
        if place is None or (layer, place[4]) not in {("slide", "jpg"), ("heatmap", "png")}:
            return NOT_FOUND
        level, column, row = (int(place[group]) for group in (1, 2, 3))
        if not zoom.has(level, column, row):
            return NOT_FOUND
        return self._tile(number, layer, zoom, (level, column, row))

    def _zoom(self, number: int) -> DeepZoom:
        slide = self.table.slide(number).pyramid
        return DeepZoom(slide.width, slide.height, self.table.settings.tile_size)

    def _tile(self, number: int, layer: str, zoom: DeepZoom, place: tuple[int, int, int]) -> Answer:
        viewed = self.table.slide(number)
        key = (number, layer, *place)
        if layer == "heatmap":
            heat, box, shape = viewed.made.heatmap, zoom.box(*place), zoom.shape(*place)
            png = self._cache.get(key, lambda: heat_png(heat, box, shape))
            return Answer(200, "image/png", png)
        tiles = viewed.tiles
        if tiles is None:
            return NOT_FOUND
        return Answer(200, "image/jpeg", self._cache.get(key, lambda: tiles.jpeg(*place)))


def _text(text: str, kind: str) -> Answer:
    return Answer(200, kind, text.encode("utf-8"))
