from __future__ import annotations

import json
import shutil

import cv2
import keras
import numpy as np
import pytest
from patch_files import paint, write_patch_file

from common.errors import ConfigError
from common.model_bundle import Manifest, write_bundle
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer3_infer.config import ExplainSettings
from layer3_infer.explain.explanation import Attribution
from layer3_infer.explain.grad_cam import grad_cam
from layer3_infer.explain.pipeline import explain_slides
from layer3_infer.explain.sanity_check import Check, check_methods
from layer3_infer.explain.stored_patches import wanted_files
from layer3_infer.explainers import Explainer

SIZE = 32
SETTINGS = ExplainSettings(top=2, sanity={"patches": 3, "depths": 3})


def squares(count, seed):
    """Pink patches, each with a dark violet square somewhere; and where it is, (N, S, S)."""
    rng = np.random.default_rng(seed)
    patches = paint(np.zeros(count, int), SIZE, seed)
    truth = np.zeros((count, SIZE, SIZE), bool)
    for number, (y, x) in enumerate(rng.integers(0, SIZE - 10, (count, 2)).tolist()):
        truth[number, y : y + 10, x : x + 10] = True
    patches[truth] = paint(np.ones(1, int), SIZE, seed)[0, 0, 0]
    return patches, truth


@pytest.fixture(scope="module")
def trained():
    """A small network that was taught to tell patches with a square from those without."""
    keras.utils.set_random_seed(1)
    pixels = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    for number, filters in enumerate((8, 12, 16)):
        x = keras.layers.Conv2D(
            filters, 3, 2 if number else 1, "same", activation="relu", name=f"conv{number}"
        )(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    network = keras.Model(pixels, keras.layers.Dense(1, activation="sigmoid", name="answer")(x))
    tumour, _ = squares(96, seed=1)
    normal = paint(np.zeros(96, int), SIZE, seed=2)
    network.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    x, y = np.concatenate([tumour, normal]).astype(np.float32), np.repeat([1.0, 0.0], 96)
    network.fit(x, y, batch_size=32, epochs=12, verbose=0)
    return network


@pytest.fixture
def predictor(trained):
    return Predictor(trained, Preprocessing(), 8)


def edges(predictor, layer, settings):
    """A method that never asks the network."""

    def explain(patch):
        return Attribution(cv2.Laplacian(patch[..., 1].astype(np.float32), cv2.CV_32F))

    return explain


def test_grad_cam_of_a_trained_network_passes(predictor):
    before = [values.copy() for values in predictor.network.get_weights()]
    patches, _ = squares(6, seed=3)
    assert predictor(patches).min() > 0.9

    found = Check(grad_cam, "grad_cam", "conv2", SETTINGS)(predictor, patches)

    assert found.passes, found
    assert "the maps change when the weights are random" in found.verdict
    assert [depth.layer for depth in found.depths] == ["answer", "conv2", "conv0"]
    assert found.depths[0].cascading_rank == found.depths[0].independent_rank
    after = predictor.network.get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_method_that_ignores_the_network_fails(predictor):
    found = Check(edges, "grad_cam", "conv2", SETTINGS)(predictor, squares(3, seed=3)[0])

    assert not found.passes
    assert [depth.cascading_rank for depth in found.depths] == pytest.approx([1, 1, 1])
    assert [depth.independent_ssim for depth in found.depths] == pytest.approx([1, 1, 1])
    assert "hardly change" in found.verdict


def only_of(trained):
    """A method with maps of the trained network alone; those of any other are empty."""
    kernel = trained.get_layer("conv0").get_weights()[0]

    def method(predictor, layer, settings):
        same = np.array_equal(predictor.network.get_layer("conv0").get_weights()[0], kernel)
        return lambda patch: Attribution(np.float32(same) * patch[..., 0].astype(np.float32))

    return method


def test_a_method_without_maps_of_random_weights_does_not_pass(predictor, trained):
    found = Check(only_of(trained), "grad_cam", "conv2", SETTINGS)(predictor, squares(3, 3)[0])

    assert not found.passes
    assert [depth.cascading_empty for depth in found.depths] == [0, 0, 1]
    assert "100% of the patches" in found.verdict


def test_what_is_not_defined_is_null_in_the_file(explained, trained, monkeypatch):
    bundle, out = explained
    monkeypatch.setattr(Explainer, "load", lambda _: only_of(trained))

    check_methods(bundle, out, ["s0"], SETTINGS)

    (method,) = json.loads((out / "sanity.json").read_text())["methods"]
    assert method["depths"][-1]["cascading_rank"] is None
    assert method["depths"][-1]["cascading_empty"] == 1
    assert (out / "sanity.png").exists()


@pytest.fixture(scope="module")
def explained(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sanity")
    manifest = Manifest(architecture="small", patch_size=SIZE, patch_mpp=0.5, cam_layer="conv2")
    bundle = write_bundle(folder / "bundle", manifest, lambda path: trained.save(path), "# Small\n")
    for number in range(2):
        patches, _ = squares(4, seed=number)
        write_patch_file(folder / "p", f"s{number}", patches=patches, size=SIZE, mpp=0.5)
    explain_slides(bundle, wanted_files(folder / "p"), folder / "out", SETTINGS)
    return bundle, folder / "out"


def test_numbers_and_picture_of_every_method_are_written(explained):
    bundle, out = explained
    settings = ExplainSettings(
        methods=("grad_cam", "lime"),
        top=2,
        lime={"samples": 60, "superpixels": 16},
        sanity={"patches": 3, "depths": 2},
    )

    found = check_methods(bundle, out, ["s0", "s1"], settings)

    record = json.loads((out / "sanity.json").read_text())
    assert [one["method"] for one in record["methods"]] == ["grad_cam", "lime"]
    assert [one["verdict"] for one in record["methods"]] == [one.verdict for one in found]
    assert [one["patches"] for one in record["methods"]] == [3, 3]
    assert record["model_sha256"] == bundle.model_sha256
    assert cv2.imread(str(out / "sanity.png")) is not None


def test_the_same_seed_gives_the_same_numbers(explained):
    bundle, out = explained

    once, twice = (check_methods(bundle, out, ["s0"], SETTINGS) for _ in range(2))

    assert once == twice


def test_a_check_does_not_outlive_its_explanations(explained, tmp_path):
    bundle, out = explained
    copy = shutil.copytree(out, tmp_path / "out")
    check_methods(bundle, copy, ["s0"], SETTINGS)
    files = wanted_files(out.parent / "p")

    explain_slides(bundle, files, copy, SETTINGS)
    assert (copy / "sanity.json").exists()

    explain_slides(bundle, files, copy, SETTINGS, overwrite=True)
    assert not list(copy.glob("sanity.*"))


def test_without_an_explained_patch_there_is_nothing_to_check(explained, tmp_path):
    with pytest.raises(ConfigError, match="expected explained patches to check with, found none"):
        check_methods(explained[0], tmp_path, ["s0"], SETTINGS)
