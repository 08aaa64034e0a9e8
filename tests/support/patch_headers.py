"""Headers of patch files."""

from __future__ import annotations

from common.patch_file.schema import Header


def header(**changes):
    """A slide of 1000 x 800 px at 0.5 um/px with patches of 8 px at 1 um/px."""
    values = {
        "slide_id": "s",
        "patch_size": 8,
        "patch_mpp": 1.0,
        "patch_size_level0": 16,
        "level0_mpp": 0.5,
        "mpp_source": "openslide.mpp-x",
        "level0_width": 1000,
        "level0_height": 800,
        "slide_fingerprint": "f" * 64,
        "reader": "openslide 4",
        "sampling": {"method": "random", "seed": 0, "per_class": 4},
        "config_sha256": "c" * 64,
        "software": "camnet test",
    }
    return Header(**{**values, **changes})
