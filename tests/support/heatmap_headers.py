"""The header of a heatmap file, for tests that need one."""

from __future__ import annotations

from layer3_infer.heatmap_file import Header

HEADER = Header(
    slide_id="a",
    slide_fingerprint="f" * 64,
    level0_width=100,
    level0_height=80,
    level0_mpp=0.25,
    mpp_source="openslide.mpp-x",
    reader="openslide 4",
    patch_size=32,
    patch_mpp=0.5,
    locations="tissue",
    model_sha256="a" * 64,
    seen_in_split="",
    config_sha256="c" * 64,
    software="camnet test",
)
