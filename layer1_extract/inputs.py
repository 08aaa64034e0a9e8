"""What the patches of a slide and their labels follow from, beside configuration and program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.truth import annotation_hash

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from common.cohort import SlideEntry
    from common.slides import Slide

GIVEN_MASK: Final = "mask_sha256"
KEPT_MASK: Final = "kept_mask_sha256"
_MPP: Final = "level0_mpp"
_DRAWN: Final = "annotation_sha256"
_LABEL: Final = "slide_label"
_COHORT_SAYS: Final = ("patient", "node", "centre", "split", _LABEL)


def inputs_of(entry: SlideEntry, slide: Slide, mask_sha256: str = "") -> dict[str, str]:
    """What can be told before a patch is read.

    Parameters
    ----------
    entry : SlideEntry
    slide : Slide
    mask_sha256 : str
        Of the mask a person gave; empty where tissue is found. The mask that is kept beside the
        patches is then known only when it has been found.

    Raises
    ------
    SlideError
        If the slide or its annotation cannot be read.
    """
    return {
        "slide_fingerprint": slide.fingerprint,
        _MPP: repr(slide.pyramid.mpp),
        _DRAWN: annotation_hash(entry),
        GIVEN_MASK: mask_sha256,
        **({KEPT_MASK: mask_sha256} if mask_sha256 else {}),
        **{name: getattr(entry, name) for name in _COHORT_SAYS},
    }


def mpp_in(inputs: Mapping[str, str]) -> float | None:
    """Scale of level 0 that a result was made with, um/px; None where it does not say."""
    said = inputs.get(_MPP)
    return None if said is None else float(said)


def lost_labels(before: Mapping[str, str], entry: SlideEntry) -> str:
    """What the labels of before followed from, where it is gone and nothing else was said since.

    Parameters
    ----------
    before : mapping
        What a result follows from.
    entry : SlideEntry
        What is said of its slide now.

    Returns
    -------
    str
        ``annotation``, ``slide_label``, or empty.
    """
    label = before.get(_LABEL, "")
    if entry.annotation is not None or entry.slide_label not in ("", label):
        return ""
    if before.get(_DRAWN):
        return "annotation"
    return _LABEL if label and not entry.slide_label else ""


def bring_back(record: Path) -> str:
    """What to do about labels that are gone, of which `record` is the outcome."""
    return (
        f"Bring it back; to do the slide without it, remove {record}, or give --overwrite to do "
        "every slide anew"
    )


def differing(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Names of the inputs that are other than before.

    Masks of the same bytes are the same, whether they were found or given. Where one side does not
    know the bytes of a mask that was found, another that was given is taken for another one.

    Examples
    --------
    >>> found = {"mask_sha256": "", "kept_mask_sha256": "12ab"}
    >>> differing(found, {"mask_sha256": "12ab", "kept_mask_sha256": "12ab"})
    []
    >>> differing({"mask_sha256": ""}, {"mask_sha256": "12ab", "kept_mask_sha256": "12ab"})
    ['mask_sha256']
    """
    left_out = GIVEN_MASK if KEPT_MASK in before and KEPT_MASK in now else KEPT_MASK
    names = (name for name in now if name != left_out)
    return sorted(name for name in names if before.get(name) != now[name])
