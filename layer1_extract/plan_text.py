"""What a plan says to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layer1_extract.config import ExtractSettings
    from layer1_extract.cost import Cost
    from layer1_extract.estimate import Cut, Plan
    from layer1_extract.needs import Need

_LARGEST: Final = 5


def of_plan(made: Plan, cost: Cost, settings: ExtractSettings, cut: Cut) -> list[str]:
    """Patches, disk and time."""
    sizes = ", ".join(
        f"{made.bytes_by_codec[codec] / 1e9:.2f} GB as {name}"
        for codec, name in (("raw", "raw"), ("jpeg", "jpeg"), ("none", "locations only"))
    )
    source = "timed here" if cost.measured else "measured elsewhere: --calibrate times it here"
    patches = f"{made.patches} patches at most, of {made.candidates} places looked at"
    return [
        f"{made.slides} slides: {patches}",
        f"disk: {sizes} (JPEG of quality {settings.storage.quality}, "
        f"{cost.jpeg_bytes:.2f} bytes per pixel)",
        f"time: {duration(made.cpu_s)} on one core, {duration(made.wall_s)} on {cut.workers} "
        f"({source})",
    ]


def largest(needs: Sequence[Need], seconds: Mapping[str, float]) -> list[str]:
    """The slides that take longest."""
    first = sorted(needs, key=lambda need: -seconds[need.slide_id])[:_LARGEST]
    return [
        f"  {need.slide_id}: {need.patches} patches, {duration(seconds[need.slide_id])}"
        for need in first
    ]


def duration(seconds: float) -> str:
    """A time for a person, rounded.

    Examples
    --------
    >>> duration(0.3), duration(4.2), duration(90), duration(9000)
    ('under 1 s', '4 s', '1.5 min', '2.5 h')
    """
    if seconds < 1:
        return "under 1 s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
