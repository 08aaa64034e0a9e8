"""What the small slides of layer 3's tests hold, and patch files of them."""

from __future__ import annotations

import numpy as np

from common.patch_file.schema import Header
from common.patch_file.writer import open_writer
from common.patches import PatchSpec
from common.slides import reader_of

WIDTH, HEIGHT = 1024, 768
TISSUE = (256, 128, 640, 512)
"""Left, top, right, bottom, level-0 px; on the grid of 32 px patches."""

TUMOUR = (320, 192, 448, 320)
SIZE, MPP = 32, 0.5
GLASS = (243, 243, 243)


def filled(*boxes):
    image = np.full((HEIGHT, WIDTH, 3), GLASS, np.uint8)
    for (left, top, right, bottom), colour in boxes:
        image[top:bottom, left:right] = colour
    return image


def write_patch_file(folder, slide, **changes):
    """A dense patch file of five places, by row then by column; the third is `boundary`."""
    coords = np.array([[320, 192], [352, 192], [480, 192], [320, 352]], np.int64)
    values = {
        "slide_id": slide.slide_id,
        "patch_size": SIZE,
        "patch_mpp": slide.pyramid.mpp,
        "patch_size_level0": SIZE,
        "level0_mpp": slide.pyramid.mpp,
        "mpp_source": slide.mpp_source,
        "level0_width": slide.pyramid.width,
        "level0_height": slide.pyramid.height,
        "slide_fingerprint": slide.fingerprint,
        "reader": reader_of(slide, PatchSpec(SIZE, slide.pyramid.mpp)),
        "sampling": {"method": "dense", "seed": 0, "origin": [0, 0], "stride": SIZE},
        "config_sha256": "c" * 64,
        "software": "test 1",
        **changes,
    }
    header = Header(**values)
    patches = np.stack([slide.read(int(x), int(y), header.spec) for x, y in coords])
    fraction = np.full(4, np.nan, np.float32)
    with open_writer(folder / header.file_name, header) as writer:
        labels = np.array([1, 1, 0, -1], np.int8)
        writer.append(coords, labels, fraction, fraction, patches)
        writer.reject(np.array([[448, 192]], np.int64), "boundary")
        writer.reject(np.array([[0, 0]], np.int64), "background")
        writer.finish()
    return folder / header.file_name
