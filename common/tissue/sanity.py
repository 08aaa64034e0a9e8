"""When a mask that was found should be looked at by a person before it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.tissue.pieces import count

if TYPE_CHECKING:
    from common.tissue.finding import Found
    from common.tissue.mask import TissueMask
    from common.tissue.settings import TissueSettings

LEAST_TISSUE: Final = 0.002
"""Share of the slide below which a mask is more likely dirt than a biopsy."""

MOST_TISSUE: Final = 0.9
"""Share above which a slide is either cut out of a larger one, or its glass was taken for tissue;
it is suspect only where all of it has one shade."""

MOST_PIECES: Final = 300
MOST_PEN: Final = 0.1
MOST_BLACK: Final = 0.25
_ONE_SHADE: Final = 0.05  # optical density from the 5th to the 95th percentile
_HARDLY_DARKER: Final = 1.5  # times the greatest threshold on density


def oddities(found: Found, settings: TissueSettings) -> str:
    """What is odd about a mask that was found, separated by semicolons; empty where nothing is.

    A slide cut out of a larger one may be all tissue, and nothing is odd about it.
    """
    mask = found.mask
    odd = [
        *_of_amount(mask),
        *_of_shade(found, settings),
        *_of_pieces(mask),
        *_of_share(mask.pen_fraction, MOST_PEN, "is under a pen"),
        *_of_share(found.black_fraction, MOST_BLACK, "is a black edge, never scanned"),
    ]
    return "; ".join(odd)


def oddities_of_given(mask: TissueMask) -> str:
    """What is odd about a mask that a person gave: only that it draws no tissue."""
    return "" if mask.tissue.any() else "the mask given for this slide draws no tissue"


def _of_amount(mask: TissueMask) -> list[str]:
    if not mask.tissue.any():
        return ["no tissue found"]
    if mask.fraction < LEAST_TISSUE:
        return [f"tissue covers only {mask.fraction:.2%} of the slide"]
    return []


def _of_shade(found: Found, settings: TissueSettings) -> list[str]:
    if not found.mask.tissue.any():
        return []
    if found.mask.fraction > MOST_TISSUE and found.density_spread < _ONE_SHADE:
        share = f"tissue covers {found.mask.fraction:.1%} of the slide"
        return [f"{share} and has one shade: is its glass tinted, or taken for tissue"]
    if found.median_density < _HARDLY_DARKER * settings.max_density:
        return [
            f"what was found is hardly darker than glass (optical density "
            f"{found.median_density:.3f})"
        ]
    return []


def _of_pieces(mask: TissueMask) -> list[str]:
    pieces = count(mask.tissue)
    return [f"tissue in {pieces} pieces"] if pieces > MOST_PIECES else []


def _of_share(share: float, most: float, what: str) -> list[str]:
    return [f"{share:.1%} of the slide {what}"] if share > most else []
