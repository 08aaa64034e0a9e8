"""Training and inference on JAX and on PyTorch, where there is no TensorFlow."""

from __future__ import annotations

import csv
from importlib.util import find_spec

import h5py
import numpy as np
import pytest
from one_backend import run
from patch_files import write_cohort
from tiff_slides import tissue_on_glass, write_slide

pytestmark = pytest.mark.slow
SIZE = 32
SETTINGS = (
    "network.name=camnet_small",
    "split={valid: [patient_001, patient_002], test: [patient_004]}",
    "epochs=2",
    "batch_size=8",
    "bootstrap=20",
    "optimizer={name: adam, learning_rate: 1e-3}",
)
TRAIN = ("layer2_train", "train", *[w for one in SETTINGS for w in ("--set", one)])
ATOL = 2e-5
"""Of a probability: the same sums in another order, in single precision."""


@pytest.fixture(scope="module", params=["jax", "torch"])
def backend(request):
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed; `make backends` does")
    return request.param


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Patches of a cohort, and a slide of the same scale."""
    made = tmp_path_factory.mktemp("data")
    write_cohort(made / "patches", size=SIZE)
    write_slide(made / "slide.tif", tissue_on_glass(), mpp=1.0)
    return made


@pytest.fixture(scope="module")
def trained(backend, folder, tmp_path_factory):
    """What a backend trained, and answered about patches and a slide; nothing else was there."""
    out = tmp_path_factory.mktemp(backend)
    trained = (*TRAIN, "--patches", folder / "patches", "--out", out / "run")
    done = run(backend, trained, *asked(out / "run" / "bundle", folder, out))
    assert done.returncode == 0, done.stderr[-3000:]
    return out


def asked(bundle, folder, out):
    """The commands that ask a bundle about patches and a slide."""
    model = ("--model", bundle)
    return [
        ("layer2_train", "evaluate", *model, "--patches", folder / "patches", "--out", out / "e"),
        ("layer3_infer", "heatmap", folder / "slide.tif", *model, "--out", out / "h"),
    ]


def probabilities(out):
    """Answers about patches, (N,), and the map of the slide, (rows, columns)."""
    lines = csv.DictReader((out / "e" / "predictions.csv").read_text().splitlines())
    (heatmap,) = out.glob("h/**/*.heatmap.h5")
    with h5py.File(heatmap) as file:
        return np.array([float(line["probability"]) for line in lines]), file["probability"][:]


def history(out):
    """The history of a training, without what it took of time."""
    lines = csv.DictReader((out / "history.csv").read_text().splitlines())
    return [[float(v or "nan") for k, v in line.items() if k != "seconds"] for line in lines]


def test_a_network_learns_and_answers(trained):
    patches, heatmap = probabilities(trained)

    assert len(history(trained / "run")) == 2
    assert len(patches) == 48
    assert np.isfinite(heatmap).any()
    assert np.isnan(heatmap).any()  # glass is not analysed


def test_tensorflow_gives_the_same_answers_with_the_same_bundle(trained, folder, tmp_path):
    done = run("tensorflow", *asked(trained / "run" / "bundle", folder, tmp_path))

    assert done.returncode == 0, done.stderr[-3000:]
    for own, others in zip(probabilities(trained), probabilities(tmp_path), strict=True):
        np.testing.assert_allclose(own, others, rtol=0, atol=ATOL)


def test_a_training_that_was_stopped_goes_on_where_it_was(trained, backend, folder, tmp_path):
    command = (*TRAIN, "--patches", folder / "patches", "--out", tmp_path)

    stopped = run(backend, command, stop_after=4)
    assert stopped.returncode == 75, stopped.stderr[-3000:]
    assert (tmp_path / "checkpoints" / "last.h5").exists()
    resumed = run(backend, command)

    assert resumed.returncode == 0, resumed.stderr[-3000:]
    assert "goes on after epoch" in resumed.stderr
    np.testing.assert_allclose(history(tmp_path), history(trained / "run"), rtol=1e-5)
