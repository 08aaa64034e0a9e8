"""Small real slides, written with tifffile and read by OpenSlide."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

PINK = (225, 160, 190)
GLASS = (243, 243, 243)


def tissue_on_glass(width=1024, height=768, box=(256, 128, 640, 512), seed=0):
    """Noisy pink tissue in the box (x0, y0, x1, y1) on glass, (height, width, 3) uint8."""
    rng = np.random.default_rng(seed)
    image = np.empty((height, width, 3), np.float32)
    image[:] = GLASS
    x0, y0, x1, y1 = box
    image[y0:y1, x0:x1] = PINK
    region = image[y0:y1, x0:x1]
    region += rng.normal(0, 12, (*region.shape[:2], 1))
    return np.clip(image, 0, 255).astype(np.uint8)


def write_slide(path: Path, image, mpp=0.5, levels=3, compression=None):
    """A tiled pyramidal BigTIFF; lossless unless compression says otherwise; mpp None says none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    resolution = {} if mpp is None else {"resolution": (1e4 / mpp, 1e4 / mpp), "resolutionunit": 3}
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        for level in range(levels):
            part = image if level == 0 else _halved(image, 2**level)
            tiff.write(
                part,
                tile=(128, 128),
                photometric="rgb",
                compression=compression,
                subfiletype=1 if level else 0,
                metadata=None,
                **(resolution if level == 0 else {}),
            )
    return path


def _halved(image, factor):
    height, width = (image.shape[0] // factor * factor, image.shape[1] // factor * factor)
    blocks = image[:height, :width].reshape(height // factor, factor, width // factor, factor, 3)
    return np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)


def asap(polygons, group="metastases"):
    """ASAP XML with one polygon per list of (x, y)."""
    annotations = "".join(
        f'<Annotation Name="a{i}" Type="Polygon" PartOfGroup="{group}" Color="#F4FA58">'
        "<Coordinates>"
        + "".join(f'<Coordinate Order="{k}" X="{x}" Y="{y}"/>' for k, (x, y) in enumerate(points))
        + "</Coordinates></Annotation>"
        for i, points in enumerate(polygons)
    )
    return (
        f'<?xml version="1.0"?><ASAP_Annotations><Annotations>{annotations}</Annotations>'
        f'<AnnotationGroups><Group Name="{group}" PartOfGroup="None" Color="#F4FA58"/>'
        "</AnnotationGroups></ASAP_Annotations>"
    )


def write_cohort_folder(root: Path, slides=3, **tissue):
    """A CAMELYON17-style folder: every slide has tissue, the even ones a tumour of 128 x 192 px."""
    stages = ["patient,stage"]
    for i in range(slides):
        name = f"patient_{i:03d}_node_0"
        write_slide(root / "centre_0" / f"{name}.tif", tissue_on_glass(seed=i, **tissue))
        stages.append(f"{name}.tif,{'negative' if i % 2 else 'macro'}")
        if i % 2 == 0:
            box = [(320, 192), (448, 192), (448, 384), (320, 384)]
            (root / "lesion_annotations").mkdir(exist_ok=True)
            (root / "lesion_annotations" / f"{name}.xml").write_text(asap([box]))
    (root / "stages.csv").write_text("\n".join(stages) + "\n")
    return root
