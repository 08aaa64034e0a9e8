"""Writes the sample of the current version of explanations files; run once when a version is new.

python tests/support/make_explanation_archive.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from layer3_infer.explain.explanation import Explanation
from layer3_infer.explain.explanation_file import (
    FORMAT_VERSION,
    Header,
    SlideExplanations,
    write_explanations,
)

ROOT = Path(__file__).parents[1] / "contract" / "archives" / "explanation_file"
HEADER = Header(
    method="lime",
    target="tumor",
    slide_id="sample",
    slide_fingerprint="f" * 64,
    patch_size=4,
    patch_mpp=0.5,
    model_sha256="a" * 64,
    seen_in_split="valid",
    config_sha256="b" * 64,
    patches_config_sha256="c" * 64,
    software="camnet archive",
    candidates=9,
)


def main() -> None:
    """Write two patches: one explained by signed values, one with nothing to say."""
    path = ROOT / f"v{FORMAT_VERSION}" / "sample.lime.h5"
    if path.exists():
        return
    raw = np.arange(-6, 10, dtype=np.float32).reshape(4, 4) / 18
    patch = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    rows = (
        Explanation("lime", "tumor", raw, patch, "sample", 96, 32, 0.75, 1, {"r2": 0.5}),
        Explanation("lime", "tumor", 0 * raw, patch, "sample", -1, -1, 0.25, -1, {"r2": 0.0}),
    )
    write_explanations(path, SlideExplanations(HEADER, rows))


if __name__ == "__main__":
    main()
