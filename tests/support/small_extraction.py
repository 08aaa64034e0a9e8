"""Options of layer 1 that suit the small slides of the tests."""

from __future__ import annotations

SMALL = (
    *("--set", "patch.size=32", "--set", "patch.mpp=0.5"),
    *("--set", "tissue.min_area_um2=1000", "--workers", "1"),
)
