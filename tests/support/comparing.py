"""Whether two folders of results hold the same."""

from __future__ import annotations

from dataclasses import replace

import h5py
import numpy as np

from layer3_infer.heatmap_file import read_heatmap

MAY_DIFFER = {"software"}


def content(out):
    """Every dataset and root attribute of every patch file in a folder, by file and name."""
    found = {}
    for path in sorted((out / "patches").glob("*.h5")):
        with h5py.File(path) as file:
            found[path.name] = {name: np.asarray(file[name]) for name in file}
            found[path.name] |= {
                f"@{name}": np.asarray(value)
                for name, value in file.attrs.items()
                if name not in MAY_DIFFER
            }
    return found


def assert_equal(one, other):
    """Every array of `content` is equal, bit for bit."""
    assert list(one) == list(other)
    for name in one:
        assert list(one[name]) == list(other[name])
        for dataset, values in one[name].items():
            same = np.array_equal(values, other[name][dataset], equal_nan=values.dtype.kind == "f")
            assert same, (name, dataset)


def same_heatmaps(one, other, slides):
    """The heatmap files of two folders say the same, bit for bit, beside their software."""
    for slide in slides:
        first, second = (read_heatmap(folder / f"{slide}.heatmap.h5") for folder in (one, other))
        assert replace(first.header, software="") == replace(second.header, software=""), slide
        assert first.heatmap.grid == second.heatmap.grid, slide
        assert first.heatmap.values.tobytes() == second.heatmap.values.tobytes(), slide
