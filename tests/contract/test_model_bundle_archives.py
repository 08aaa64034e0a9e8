"""Model bundles of every version ever released stay readable, and answer as they did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from make_model_archive import main as make_archive

from common.model_bundle import read_bundle
from common.prediction import Predictor

ARCHIVES = Path(__file__).parent / "archives" / "model_bundle"
SAMPLES = sorted(ARCHIVES.glob("v*"))
PATCH = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(1, 8, 8, 3)
ANSWER = 0.2701823
"""To PATCH; also by the sums of a convolution, written out in NumPy."""


def test_there_is_a_sample_of_the_first_version():
    assert ARCHIVES / "v1.0" in SAMPLES


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_an_archived_bundle_is_read_as_it_was_meant(path):
    manifest = read_bundle(path).manifest

    assert f"v{manifest.format_version}" == path.name
    assert (manifest.architecture, manifest.cam_layer) == ("sample", "conv")
    assert (manifest.spec.size, manifest.spec.mpp) == (8, 0.972)
    assert manifest.classes == ("normal", "tumor")
    assert manifest.split_of("a" * 64, "") == "train"
    assert manifest.split_of("unseen", "patient_001") == "test"
    assert manifest.metrics["valid"]["n"] == 8


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_an_archived_network_answers_as_it_did(path):
    bundle = read_bundle(path)

    predictor = Predictor(bundle.load_network(), bundle.manifest.preprocessing, batch_size=1)

    assert predictor(PATCH)[0] == pytest.approx(ANSWER, abs=1e-6)


def test_a_sample_is_never_written_anew():
    before = {path: path.read_bytes() for path in ARCHIVES.rglob("*") if path.is_file()}

    make_archive()

    assert {path: path.read_bytes() for path in ARCHIVES.rglob("*") if path.is_file()} == before
