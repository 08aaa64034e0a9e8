"""What is to be said of a slide once all of it was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import SlideError
from common.patch_file import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.cohort import SlideEntry
    from layer1_extract.config import ExtractSettings
    from layer1_extract.survey import Survey


def refuse_undecoded(entry: SlideEntry, settings: ExtractSettings, counts: dict[str, int]) -> None:
    """Refuse a slide of which too much does not decode.

    Raises
    ------
    SlideError
    """
    if problem := too_much_undecoded(counts, settings.slide.max_unreadable):
        raise SlideError(f"{entry.path}: {problem}")


def too_much_undecoded(counts: Mapping[str, int], limit: float) -> str:
    """What is wrong with a whole slide of which too much does not decode; empty where nothing is.

    Parameters
    ----------
    counts : mapping of str to int
        Of the slide, all its parts together.
    limit : float
        Greatest share of the patches read that may not decode.
    """
    read = counts["kept"] + sum(counts[name] for name in ("white", "black", "unreadable"))
    if counts["unreadable"] <= limit * read:
        return ""
    return (
        f"pixels: expected at most {limit:.1%} of the patches not to decode, "
        f"found {counts['unreadable']} of {read}. Copy the slide anew; slide.max_unreadable "
        "takes the rest of it all the same"
    )


def unreadable_note(counts: dict[str, int]) -> list[str]:
    """What a person should know of patches that did not decode, as a list of at most one text."""
    number = counts["unreadable"]
    return [f"{number} patches do not decode and were rejected"] if number else []


def why_empty(known: Survey, counts: dict[str, int]) -> str:
    """Why a slide gave no patch."""
    if known.truth.excluded:
        return f"{known.truth.excluded}; labels.camelyon_exceptions: false takes it all the same"
    pyramid = known.slide.pyramid
    if min(pyramid.width, pyramid.height) < known.edge:
        return (
            f"the slide of {pyramid.width} x {pyramid.height} px is smaller than one patch of "
            f"{known.edge} px: choose a smaller patch, or leave the slide out"
        )
    if not known.mask.tissue.any():
        return "no tissue found; look at its preview, and at the tissue settings"
    return all_rejected(counts)


def all_rejected(counts: dict[str, int]) -> str:
    """What happened to the candidates of a slide, or of a part of one, that gave no patch."""
    if not counts["rejected"]:
        return "none of the places to look at is in this part"
    reasons = ", ".join(f"{counts[name]} {name}" for name in schema.REASONS if counts[name])
    return f"every candidate was rejected: {reasons}"
