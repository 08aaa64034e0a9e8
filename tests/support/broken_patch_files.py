"""Small patch files, whole or broken on purpose."""

from __future__ import annotations

import h5py
import numpy as np
from patch_headers import header

from common.patch_file.writer import open_writer

KEPT = np.array([(0, 0), (16, 0), (0, 16)], np.int64)
REJECTED = np.array([(32, 0)], np.int64)
WHOLE_GRID = {
    "sampling": {"method": "dense", "seed": None, "origin": [0, 0], "stride": 16},
    "level0_width": 32,
    "level0_height": 32,
}


def write_small(path, codec="raw", kept=KEPT, rejected=REJECTED, **changes):
    """A normal, a tumour and an unknown patch, and what was rejected as white."""
    labels = np.resize(np.array([0, 1, -1], np.int8), len(kept))
    share = np.resize(np.array([0, 1, np.nan], np.float32), len(kept))
    pixels = None if codec == "none" else np.zeros((len(kept), 8, 8, 3), np.uint8)
    with open_writer(path, header(**changes), codec) as writer:
        writer.append(kept, labels, share, share, pixels)
        writer.reject(rejected, "white")
        writer.finish()
    return path


def replace(path, name, values, **options):
    """Other values under the name of a dataset, with the attributes it had."""
    with h5py.File(path, "r+") as file:
        kept = dict(file[name].attrs)
        del file[name]
        dataset = file.create_dataset(name, data=values, **options)
        dataset.attrs.update(kept)


def change(path, item, **attributes):
    """Other attributes; None takes one away."""
    with h5py.File(path, "r+") as file:
        for name, value in attributes.items():
            file[item].attrs.pop(name, None)
            if value is not None:
                file[item].attrs[name] = value
