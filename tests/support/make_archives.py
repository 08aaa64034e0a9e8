"""Writes the samples of the current patch file version; run once when a version is new.

python tests/support/make_archives.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import h5py
import numpy as np
from tiff_slides import asap, tissue_on_glass, write_slide

from common.cohort import SlideEntry
from common.config import load
from common.patch_file.schema import FORMAT_VERSION
from layer1_extract.config import ExtractSettings, ImportSettings
from layer1_extract.extraction import extract_slide, patch_path
from layer1_extract.importing import import_patches

TARGET = Path(__file__).parents[1] / "contract" / "archives" / "patch_file" / f"v{FORMAT_VERSION}"
TUMOUR = [(256, 128), (320, 128), (320, 192), (256, 192)]


def main() -> None:
    """Write one file per codec, and one without places."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        slide = write_slide(folder / "s.tif", tissue_on_glass(512, 384, box=(256, 128, 384, 256)))
        (folder / "s.xml").write_text(asap([TUMOUR]))
        for slide_id, codec in (("raw", "raw"), ("jpeg", "jpeg"), ("locations", "none")):
            entry = SlideEntry(slide_id, slide, "patient_000", "0", "0", "macro", "train")
            entry = SlideEntry(**{**vars(entry), "annotation": folder / "s.xml"})
            overrides = ["patch.size=16", "patch.mpp=1.0", "sampling.method=dense"]
            overrides += ["tissue.min_area_um2=100", "tissue.close_um=0"]
            settings = load(ExtractSettings, None, [*overrides, f"storage.codec={codec}"])
            extract_slide(entry, folder, settings)
            keep(patch_path(folder, slide_id))
        with h5py.File(folder / "unplaced.h5", "w") as file:
            noise = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3))
            file.update({"x": noise.astype(np.uint8), "y": np.arange(6) % 2})
        import_patches(folder / "unplaced.h5", folder / "import", ImportSettings(mpp=0.972))
        keep(patch_path(folder / "import", "unplaced"))


def keep(path: Path) -> None:
    """Copy a file into the archive, unless one of its name is there."""
    target = TARGET / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        target.write_bytes(path.read_bytes())


if __name__ == "__main__":
    main()
