"""How tissue is told from glass."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field, model_validator

from common.config import Settings

HE: Final[dict[str, float]] = {
    "min_saturation": 12,
    "max_saturation": 20,
    "min_density": 0.03,
    "max_density": 0.04,
    "min_area_um2": 20_000.0,
}
"""Haematoxylin and eosin. Otsu's threshold on a well stained node lies far above its fat, hence
the low upper bounds: they win back the pale cells. Tints and dirt of glass stay below the lower
ones."""

IHC: Final[dict[str, float]] = {
    "min_saturation": 10,
    "max_saturation": 15,
    "min_density": 0.02,
    "max_density": 0.03,
    "min_area_um2": 20_000.0,
}
"""Immunohistochemistry. A brown stain is so strong that Otsu's threshold would leave only it;
what is merely counterstained is as pale as fat in H&E."""

PALE: Final[dict[str, float]] = {
    "min_saturation": 8,
    "max_saturation": 12,
    "min_density": 0.012,
    "max_density": 0.02,
    "min_area_um2": 10_000.0,
}
"""Faded, weakly stained or very fatty slides. Close to the noise of glass: smears and the rim of
the cover slip may be taken for tissue, so look at the previews."""

PRESETS: Final = {"he": HE, "ihc": IHC, "pale": PALE}

_MOST_CLOSED_PX: Final = 200
"""Closing takes time with the square of its radius, px of the mask."""


class TissueSettings(Settings):
    """How tissue is told from glass.

    Attributes
    ----------
    preset : {"he", "ihc", "pale"}
        Values of all keys below that a stain asks for; a key given beside it wins.
    method : {"otsu", "otsu_saturation", "otsu_density"}
        Otsu's threshold (Otsu 1979, doi:10.1109/TSMC.1979.4310076) on saturation, on optical
        density, or tissue wherever one of the two finds it.
    mpp : float, um/px
        Scale of the mask.
    min_saturation, max_saturation : int, 0 to 255
        The threshold is held between these. Otsu splits any image in two: a slide of glass alone
        would be given tissue, and one full of tissue would lose half of it.
    min_density, max_density : float, decimal optical density, mean of red, green and blue
        The same for the threshold on density; 0.03 is 7 % darker than glass. What is dense and
        grey is dust or a shadow, not tissue.
    close_um : float, um
        Gaps narrower than this are closed.
    min_area_um2 : float, um2
        Smaller pieces are dropped, and smaller holes filled.
    min_fraction : float
        Share of a patch that must be tissue; a patch with less is not analysed.
    max_pen_fraction : float
        Greatest share of a patch that pen may cover; one with more is rejected as ``pen``.
    """

    preset: Literal["he", "ihc", "pale"] = "he"
    method: Literal["otsu", "otsu_saturation", "otsu_density"] = "otsu"
    mpp: float = Field(default=8.0, ge=0.5, le=100)
    min_saturation: int = Field(default=int(HE["min_saturation"]), ge=0, le=255)
    max_saturation: int = Field(default=int(HE["max_saturation"]), ge=0, le=255)
    min_density: float = Field(default=HE["min_density"], ge=0, le=2)
    max_density: float = Field(default=HE["max_density"], ge=0, le=2)
    close_um: float = Field(default=48.0, ge=0, le=1000)
    min_area_um2: float = Field(default=HE["min_area_um2"], ge=0)
    min_fraction: float = Field(default=0.25, gt=0, le=1)
    max_pen_fraction: float = Field(default=0.05, ge=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, values: Any) -> Any:
        """Fill in the preset's values, so that the resolved settings show them."""
        if not isinstance(values, dict):
            return values
        preset = values.get("preset", "he")
        table = PRESETS.get(preset, HE) if isinstance(preset, str) else HE
        return {**table, **values}

    @model_validator(mode="after")
    def _in_order(self) -> TissueSettings:
        for name in ("saturation", "density"):
            low, high = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if low > high:
                raise ValueError(f"expected min_{name} up to max_{name}, which is {high:g}")
        if self.close_um > _MOST_CLOSED_PX * self.mpp:
            most = f"{_MOST_CLOSED_PX * self.mpp:g} um, {_MOST_CLOSED_PX} px of the mask"
            raise ValueError(f"expected close_um of at most {most}, found {self.close_um:g}")
        return self
