"""Model bundles of every version ever released stay readable, and answer as they did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from make_model_archive import main as make_archive
from stained_tissue import tissue

from common.model_bundle import read_bundle
from common.prediction import Predictor
from common.stain import Unchanged

ARCHIVES = Path(__file__).parent / "archives" / "model_bundle"
SAMPLES = sorted(ARCHIVES.glob("v*"))
PATCH = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(1, 8, 8, 3)
ANSWER = 0.2701823
"""To PATCH; also by the sums of a convolution, written out in NumPy."""
STAINED = {"v1.0": None, "v1.1": (159.852, 116.937, 154.410)}
"""Mean red, green and blue of painted tissue in the colours a bundle asks for."""


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


def test_the_stain_of_an_archived_bundle_does_not_change():
    stain = {name: read_bundle(ARCHIVES / name).manifest.preprocessing for name in STAINED}
    patches = tissue()

    assert stain["v1.0"].fit(patches) == Unchanged()
    assert stain["v1.1"].stain == "macenko"
    found = stain["v1.1"].fit(patches)(patches)
    assert np.mean(found, axis=(0, 1, 2)) == pytest.approx(STAINED["v1.1"], abs=0.05)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_an_archived_network_answers_as_it_did(path):
    bundle = read_bundle(path)

    predictor = Predictor(bundle.load_network(), bundle.manifest.preprocessing, batch_size=1)

    assert predictor(PATCH)[0] == pytest.approx(ANSWER, abs=1e-6)


def test_a_sample_is_never_written_anew():
    before = {path: path.read_bytes() for path in ARCHIVES.rglob("*") if path.is_file()}

    make_archive()

    assert {path: path.read_bytes() for path in ARCHIVES.rglob("*") if path.is_file()} == before
