"""What names and places say of a slide, in the public layouts.

* CAMELYON16: slides ``normal_001``, ``tumor_001``, ``test_001``; masks ``tumor_001_mask``.
* CAMELYON17: slides ``patient_017_node_2``, in ``centre_0/`` beside ``lesion_annotations/``, or in
  ``images/`` beside ``annotations/``, ``masks/`` and ``stages.csv``. Of its 200 patients 20 come
  from each centre, in the training set (0 to 99) and in the test set (100 to 199).

Nothing here opens a file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SLIDE_SUFFIXES: Final = frozenset(
    {".bif", ".czi", ".dcm", ".mrxs", ".ndpi", ".scn"}
    | {".svs", ".svslide", ".tif", ".tiff", ".vms", ".vmu"}
)
"""Suffixes of the formats that OpenSlide 4 reads, in lower case."""

ANNOTATION_FOLDERS: Final = frozenset({"annotations", "lesion_annotations"})
ANNOTATION_SUFFIXES: Final = frozenset({".xml", ".geojson"})
MASK_FOLDERS: Final = frozenset({"mask", "masks"})
MASK_SUFFIXES: Final = frozenset({".tif", ".tiff"})
NEGATIVE: Final = "negative"

_PATIENT: Final = re.compile(r"(patient_(\d+))_node_(\d+)", re.IGNORECASE)
_CENTRE: Final = re.compile(r"cent(?:re|er)_(\d+)", re.IGNORECASE)
_CAMELYON16: Final = re.compile(r"(normal|tumor)_\d{3}", re.IGNORECASE)
_MASK: Final = re.compile(r"(.+)_mask", re.IGNORECASE)
_NO_SLIDES: Final = MASK_FOLDERS | {"background_tissue", "evaluation_mask"}
_LABELS: Final = {"normal": NEGATIVE, "tumor": "positive"}
_CAMELYON17_SET: Final = 100
_CAMELYON17_CENTRE: Final = 20


def is_slide(path: Path) -> bool:
    """Whether `path` has the name of a slide: not hidden, not a mask.

    Examples
    --------
    >>> from pathlib import Path
    >>> [is_slide(Path(name)) for name in ("a.svs", ".a.svs", "tumor_001_mask.tif", "a.txt")]
    [True, False, False, False]
    """
    stem, suffix = path.stem.lower(), path.suffix.lower()
    return suffix in SLIDE_SUFFIXES and not stem.startswith(".") and not stem.endswith("_mask")


def has_slides(folder: str) -> bool:
    """Whether a folder of this name may hold slides: neither hidden nor of masks."""
    return not folder.startswith(".") and folder.lower() not in _NO_SLIDES


def masked_slide(path: Path) -> str:
    """Id of the slide whose tumour the file `path` marks, were it a mask; empty where it is none.

    CAMELYON16's evaluation masks number its lesions, so they are none.

    Examples
    --------
    >>> from pathlib import Path
    >>> names = ("tumor_001_mask.tif", "a_evaluation_mask.tif", "masks/a.tif", "a.tif")
    >>> [masked_slide(Path(name)) for name in names]
    ['tumor_001', '', 'a', '']
    """
    hidden = path.name.startswith(".")
    if hidden or path.suffix.lower() not in MASK_SUFFIXES:
        return ""
    if match := _MASK.fullmatch(path.stem):
        return "" if match[1].lower().endswith("_evaluation") else match[1]
    return path.stem if path.parent.name.lower() in MASK_FOLDERS else ""


def is_part(folder: str) -> bool:
    """Whether a folder of this name is one part of a layout, its annotations beside it."""
    return folder.lower() in {"images", "normal", "tumor"} or bool(_CENTRE.fullmatch(folder))


def patient_and_node(slide_id: str) -> tuple[str, str]:
    """Patient and node by the naming of CAMELYON17; empty where it is not followed.

    Examples
    --------
    >>> patient_and_node("patient_017_node_2"), patient_and_node("tumor_001")
    (('patient_017', '2'), ('', ''))
    """
    match = _PATIENT.fullmatch(slide_id)
    return (match[1], match[3]) if match else ("", "")


def centre(slide_id: str, folders: Iterable[str], *, is_camelyon17: bool) -> str:
    """Centre of a slide: its folder ``centre_C``, else CAMELYON17's numbering of patients.

    Parameters
    ----------
    slide_id : str
        Name of the slide.
    folders : iterable of str
        Names of the folders it is in, innermost first.
    is_camelyon17 : bool
        Whether patients are numbered as there.

    Examples
    --------
    >>> centre("patient_137_node_2", ["images"], is_camelyon17=True)
    '1'
    """
    for folder in folders:
        if match := _CENTRE.fullmatch(folder):
            return match[1]
    match = _PATIENT.fullmatch(slide_id)
    if not match or not is_camelyon17 or int(match[2]) >= 2 * _CAMELYON17_SET:
        return ""
    return str(int(match[2]) % _CAMELYON17_SET // _CAMELYON17_CENTRE)


def label_in_name(slide_id: str) -> str:
    """Slide label by the naming of CAMELYON16; empty where it is not followed.

    Examples
    --------
    >>> label_in_name("normal_001"), label_in_name("tumor_110"), label_in_name("test_001")
    ('negative', 'positive', '')
    """
    match = _CAMELYON16.fullmatch(slide_id)
    return _LABELS[match[1].lower()] if match else ""
