"""What a page shows of one slide: where its pixels come from, and what lies over them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layer3_infer.viewer.deep_zoom import DeepZoom
    from layer3_infer.viewer.pictures import EmbeddedPicture
    from layer3_infer.viewer.shapes import Shape


@dataclass(frozen=True)
class Source:
    """Pixels of the whole slide: one picture, or tiles.

    Attributes
    ----------
    picture : EmbeddedPicture or None
    zoom : DeepZoom or None
    address : str
        Of a tile, with ``{level}``, ``{column}`` and ``{row}`` for its place.
    """

    picture: EmbeddedPicture | None = None
    zoom: DeepZoom | None = None
    address: str = ""

    def described(self, name: str) -> dict[str, Any]:
        """As `viewer.js` reads it; `name` is the id of the picture's element."""
        if self.zoom is None:
            return {"picture": name}
        zoom = self.zoom
        return {"tiles": {"address": self.address, "size": zoom.tile, "levels": zoom.levels}}


@dataclass(frozen=True)
class Mark:
    """A patch to look at.

    Attributes
    ----------
    kind : {"places", "explanations"}
    number : int
        Written on its pin.
    x, y, edge : int, level-0 px
        Top-left corner and edge.
    label : str
    picture : str
        Id of the element with the picture that is shown at its place; empty where there is none.
    """

    kind: str
    number: int
    x: int
    y: int
    edge: int
    label: str
    picture: str = ""


@dataclass(frozen=True)
class Scene:
    """One slide and its layers.

    Attributes
    ----------
    width, height : int, level-0 px
    mpp : float, um/px
    slide : Source
    heat : Source or None
    annotations, regions : sequence of Shape
    marks : sequence of Mark
    """

    width: int
    height: int
    mpp: float
    slide: Source
    heat: Source | None = None
    annotations: Sequence[Shape] = ()
    regions: Sequence[Shape] = ()
    marks: Sequence[Mark] = ()

    def has(self, kind: str) -> bool:
        """Whether there are marks of a kind."""
        return any(mark.kind == kind for mark in self.marks)

    def as_json(self) -> Markup:
        """What `viewer.js` reads; safe inside a script element."""
        return json_in_page(
            {
                "width": self.width,
                "height": self.height,
                "mpp": self.mpp,
                "slide": self.slide.described("slide-picture"),
                "heat": self.heat and self.heat.described("heat-picture"),
                "marks": [vars(mark) for mark in self.marks],
            }
        )


def json_in_page(value: Any) -> Markup:
    r"""`value` as JSON that no browser takes for the end of a script or of a line of one.

    Examples
    --------
    >>> print(json_in_page("</script>"))
    "\u003c/script\u003e"
    """
    text = json.dumps(value, allow_nan=False, ensure_ascii=True)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704
