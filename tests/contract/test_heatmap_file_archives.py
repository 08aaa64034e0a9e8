"""Heatmap files of every version ever released stay readable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layer3_infer.heatmap_file import check, read_heatmap

ARCHIVES = Path(__file__).parent / "archives" / "heatmap_file"
SAMPLES = sorted(ARCHIVES.glob("v*/*.heatmap.h5"))


def test_there_is_a_sample_of_every_version():
    assert [path.parent.name for path in SAMPLES] == ["v1.0", "v1.1"]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_an_archived_heatmap_is_read_as_it_was_meant(path):
    header = check(path)
    heatmap = read_heatmap(path).heatmap

    assert header.slide_id == "sample"
    assert header.seen_in_split == "valid"
    assert header.trained_on_this_slide
    assert (heatmap.grid.origin, heatmap.grid.stride, heatmap.grid.edge) == ((32, 64), 48, 96)
    expected = np.array([[0.0, 0.25, np.nan], [1.0, np.nan, 0.5]], np.float32)
    assert np.array_equal(heatmap.values, expected, equal_nan=True)
