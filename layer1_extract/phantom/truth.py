"""What is true of a slide's nuclei, for explanations to be held against."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layer1_extract.phantom.settings import MPP

if TYPE_CHECKING:
    from layer1_extract.phantom.nuclei import Nuclei
    from layer1_extract.phantom.slide import PhantomSlide

UNITS = {
    "x": "level-0 px, centre of the nucleus",
    "y": "level-0 px, centre of the nucleus",
    "area_um2": "um2 within the outline",
    "texture": "standard deviation of haematoxylin density inside the outline",
    "tumor": "whether the centre lies in an annotated region",
}


def truth_json(slide_id: str, stage: str, slide: PhantomSlide) -> str:
    """The truth about one slide as JSON: a summary per class, and columns with every nucleus.

    Nuclei are measured one by one as they were drawn, before any overlap, fold, ink or scanner.
    """
    anatomy, nuclei = slide.anatomy, slide.nuclei
    slide_um2 = (anatomy.size * MPP) ** 2
    tumor_px = sum(shapely.Polygon(lesion).area for lesion in anatomy.lesions)
    facts = {
        "format": "camnet-phantom-truth",
        "slide_id": slide_id,
        "stage": stage,
        "mpp": MPP,
        "size": anatomy.size,
        "tissue_um2": round(anatomy.tissue_share * slide_um2, 1),
        "tumor_um2": round(tumor_px * MPP**2, 1),
        "tumor_regions": len(anatomy.lesions),
        "folded": slide.fold is not None,
        "marked": slide.pen is not None,
        "units": UNITS,
        "summary": {"normal": _summary(nuclei, 0), "tumor": _summary(nuclei, 1)},
        "nuclei": _columns(nuclei),
    }
    return json.dumps(facts, separators=(",", ":")) + "\n"


def _summary(nuclei: Nuclei, kind: int) -> dict[str, Any]:
    """Count, mean and standard deviation; the latter null where there is no such nucleus."""
    chosen = nuclei.tumor == bool(kind)
    summary: dict[str, Any] = {"count": int(np.count_nonzero(chosen))}
    for name, values in (("area_um2", nuclei.area_um2), ("texture", nuclei.texture)):
        some = values[chosen]
        summary[f"{name}_mean"] = round(float(some.mean()), 4) if len(some) else None
        summary[f"{name}_sd"] = round(float(some.std()), 4) if len(some) else None
    return summary


def _columns(nuclei: Nuclei) -> dict[str, list[float] | list[bool]]:
    """One list per fact, a nucleus in the same place of each."""
    centre = nuclei.xy + 0.5
    return {
        "x": centre[:, 0].tolist(),
        "y": centre[:, 1].tolist(),
        "area_um2": np.round(nuclei.area_um2, 4).tolist(),
        "texture": np.round(nuclei.texture, 4).tolist(),
        "tumor": nuclei.tumor.tolist(),
    }
