"""Areas a person can look at and correct, before any program's format: level-0 pixels."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

import shapely

from common.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from layer3_infer.heatmap_file import Header
    from layer3_infer.regions import Region


@dataclass(frozen=True)
class Group:
    """A group of ASAP, or class of QuPath; `common.annotations.groups` says what its name means.

    Attributes
    ----------
    name : str
    colour : (red, green, blue), 0 to 255
    """

    name: str
    colour: tuple[int, int, int]


TUMOR: Final = Group("Tumor", (200, 0, 0))
"""With the colour of QuPath's own class of this name."""

EXCLUSION: Final = Group("Exclusion", (0, 120, 200))
"""Cut out of the tumour, as in CAMELYON16: how a format without holes draws one."""

UNCERTAIN: Final = Group("Uncertain", (255, 176, 0))
"""Says neither tumour nor normal, and is a label for nothing until a person changes its group."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """One area.

    Attributes
    ----------
    name : str
    group : Group
    polygon : shapely.Polygon, level-0 px
        With holes; exterior counter-clockwise in (x, y).
    measurements : mapping of str to float or int
    """

    name: str
    group: Group
    polygon: shapely.Polygon
    measurements: Mapping[str, float | int] = field(default_factory=dict)

    def id_in(self, source: str) -> str:
        """A UUID that follows from the outline and `source`, so that it is the same every time."""
        outline = shapely.to_wkb(shapely.normalize(self.polygon), hex=True)
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{source} {self.group.name} {outline}"))


@dataclass(frozen=True)
class Source:
    """Whose answers were drawn, and from which probability on.

    Attributes
    ----------
    slide_id, slide_fingerprint, model_sha256 : str
    threshold : float
    """

    slide_id: str
    slide_fingerprint: str
    model_sha256: str
    threshold: float

    @classmethod
    def of(cls, header: Header, threshold: float) -> Source:
        """The source of what is drawn from the heatmap with this header."""
        return cls(header.slide_id, header.slide_fingerprint, header.model_sha256, threshold)

    def refuse_other(self, path: Path, found: Source, item: str, advice: str) -> None:
        """Refuse a file that was drawn from something else.

        Raises
        ------
        ContractError
            Naming what differs first, as `item` calls it, such as ``{}`` or ``source.{}``.
        """
        for name, value in asdict(self).items():
            other = getattr(found, name)
            if other != value:
                raise ContractError(path, item.format(name), repr(value), repr(other), advice)

    def __str__(self) -> str:
        return f"{self.slide_fingerprint} {self.model_sha256} {self.threshold}"


def drawn_regions(regions: Iterable[Region]) -> list[Drawn]:
    """Regions as areas of tumour, with their measurements."""
    return [
        Drawn(
            name=f"Region {number}",
            group=TUMOR,
            polygon=region.polygon,
            measurements={
                "Area um2": region.area_um2,
                "P(tumor) mean": region.mean_probability,
                "P(tumor) max": region.max_probability,
                "Patches": region.patches,
            },
        )
        for number, region in enumerate(regions, 1)
    ]


def drawn_doubts(
    xy: npt.NDArray[np.int64], edge: int, scores: npt.NDArray[np.float32]
) -> list[Drawn]:
    """Patches as areas of doubt.

    Parameters
    ----------
    xy : (N, 2) int64, level-0 px
        Corners.
    edge : int, level-0 px
    scores : (N,) float32
        Probability of each.
    """
    squares = shapely.box(xy[:, 0], xy[:, 1], xy[:, 0] + edge, xy[:, 1] + edge)
    return [
        Drawn(f"Uncertain {number}", UNCERTAIN, square, {"P(tumor)": float(score)})
        for number, (square, score) in enumerate(zip(squares, scores, strict=True), 1)
    ]
