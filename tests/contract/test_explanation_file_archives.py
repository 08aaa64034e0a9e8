"""Explanations files of every version ever released stay readable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from make_explanation_archive import main as make_archive

from layer3_infer.explain.explanation_file import FORMAT_VERSION, read_explanations

ARCHIVES = Path(__file__).parent / "archives" / "explanation_file"
SAMPLES = sorted(ARCHIVES.glob("v*/sample.*.h5"))
RAW = {
    "v1.1": np.maximum(np.arange(-6, 10, dtype=np.float32), 0).reshape(4, 4) / 9,
    "v1.2": np.arange(-6, 10, dtype=np.float32).reshape(4, 4) / 18,
}
MEASURES = {"v1.1": {}, "v1.2": {"r2": 0.5}}


def test_there_is_a_sample_of_the_first_archived_and_of_the_current_version():
    found = {path.parent.name for path in SAMPLES}

    assert {"v1.1", f"v{FORMAT_VERSION}"} <= found


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_archived_explanations_are_read_as_they_were_meant(path):
    found = read_explanations(path)
    first, second = found.explanations
    version = path.parent.name

    assert (found.header.slide_id, found.header.patch_size) == ("sample", 4)
    assert (found.header.candidates, found.header.choice) == (9, "top")
    assert (found.header.seen_in_split, found.header.patch_mpp) == ("valid", 0.5)
    assert np.array_equal(first.raw, RAW[version])
    assert np.array_equal(first.attribution, RAW["v1.1"])
    assert np.array_equal(first.patch, np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    assert (first.x, first.y, first.probability, first.label) == (96, 32, 0.75, 1)
    assert first.measures == MEASURES[version]
    assert (second.x, second.y, second.label) == (-1, -1, -1)
    assert not second.attribution.any()


def test_a_sample_is_never_written_anew():
    before = {path: path.read_bytes() for path in SAMPLES}

    make_archive()

    assert {path: path.read_bytes() for path in sorted(ARCHIVES.glob("v*/*"))} == before
