"""Stages of slides and patients, as CAMELYON17 defines them.

Bandi et al. 2019, DOI 10.1109/TMI.2018.2867350.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from layer1_extract.phantom.settings import MPP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

_MICRO_UM: Final = 200.0
_MACRO_UM: Final = 2000.0
_MICRO_CELLS: Final = 200
_PN2_NODES: Final = 4


def slide_stage(lesions: tuple[npt.NDArray[np.float64], ...], cells: int) -> str:
    """``negative``, ``itc``, ``micro`` or ``macro``, by the largest region and the cells in all.

    Parameters
    ----------
    lesions : tuple of (V, 2) float64, level-0 px
        Polygons of tumour.
    cells : int
        Nuclei of tumour on the slide.
    """
    if not lesions:
        return "negative"
    widest = max(_diameter_um(lesion) for lesion in lesions)
    if widest > _MACRO_UM:
        return "macro"
    return "micro" if widest > _MICRO_UM or cells > _MICRO_CELLS else "itc"


def patient_stage(slides: Iterable[str]) -> str:
    """The pN stage of a patient from the stages of the slides, one slide per node.

    Examples
    --------
    >>> patient_stage(["negative", "itc"]), patient_stage(["micro", "macro"])
    ('pN0(i+)', 'pN1')
    """
    count = Counter(slides)
    metastases = count["micro"] + count["macro"]
    if count["macro"]:
        return "pN2" if metastases >= _PN2_NODES else "pN1"
    if metastases:
        return "pN1mi"
    return "pN0(i+)" if count["itc"] else "pN0"


def stages_csv(stages: Mapping[tuple[str, str], str]) -> str:
    """The text of ``stages.csv``: each patient, followed by the patient's slides.

    Parameters
    ----------
    stages : mapping of (patient, slide_id) to str
        The stage of every slide.
    """
    lines = ["patient,stage"]
    for patient in sorted({patient for patient, _ in stages}):
        slides = {key[1]: stage for key, stage in sorted(stages.items()) if key[0] == patient}
        lines.append(f"{patient}.zip,{patient_stage(slides.values())}")
        lines += [f"{slide_id}.tif,{stage}" for slide_id, stage in slides.items()]
    return "\n".join(lines) + "\n"


def _diameter_um(lesion: npt.NDArray[np.float64]) -> float:
    corners = np.array(shapely.MultiPoint(lesion).convex_hull.exterior.coords)  # pyright: ignore[reportAttributeAccessIssue]
    apart = np.hypot(*(corners[:, None] - corners).transpose(2, 0, 1))
    return float(apart.max()) * MPP
