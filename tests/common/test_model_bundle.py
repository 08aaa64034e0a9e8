from __future__ import annotations

import json
import os
import zipfile

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ContractError
from common.model_bundle import (
    CARD,
    MANIFEST,
    NETWORK,
    Manifest,
    SeenPatients,
    read_bundle,
    write_bundle,
)
from common.preprocessing import Preprocessing


def manifest(**changes):
    return Manifest(
        **{
            "architecture": "tiny",
            "patch_size": 8,
            "patch_mpp": 0.5,
            "cam_layer": "conv",
            **changes,
        }
    )


@pytest.fixture
def bundle(tmp_path):
    return write_bundle(
        tmp_path / "bundle", manifest(), lambda path: path.write_bytes(b"network"), "# Card"
    )


def edit(bundle, **changes):
    path = bundle.path / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_what_is_written_is_read_back(bundle):
    assert read_bundle(bundle.path) == bundle
    assert sorted(os.listdir(bundle.path)) == sorted([NETWORK, CARD, MANIFEST])


@pytest.mark.parametrize("name", [NETWORK, CARD])
def test_a_changed_or_missing_file_is_named(bundle, name):
    (bundle.path / name).write_bytes(b"changed")
    with pytest.raises(ContractError, match=f"{name}: sha256"):
        read_bundle(bundle.path)

    (bundle.path / name).unlink()
    with pytest.raises(ContractError, match=f"{name}: file"):
        read_bundle(bundle.path)


def test_another_major_version_is_refused_naming_its_writer(bundle):
    edit(bundle, format_version="2.0", software="camnet 9")

    with pytest.raises(ContractError, match=r"expected 1\.x, found '2\.0' written by camnet 9"):
        read_bundle(bundle.path)


def test_a_newer_minor_version_with_more_keys_is_read(bundle):
    edit(bundle, format_version="1.7", mood="good")

    assert read_bundle(bundle.path).manifest.patch_size == 8


@pytest.mark.parametrize(
    "changes", [{"format": "other"}, {"patch_size": 0}, {"preprocessing": {"stain": "new"}}]
)
def test_what_cannot_be_understood_is_refused(bundle, changes):
    edit(bundle, **changes)

    with pytest.raises(ContractError, match=r"bundle\.json"):
        read_bundle(bundle.path)


REQUIRED = [name for name in Manifest.model_fields if name not in ("format", "format_version")]
PARTS = [
    ("patients", "salt"),
    ("patients", "hashes"),
    ("preprocessing", "stain"),
    ("preprocessing", "patches"),
    ("preprocessing", "target"),
]


@pytest.mark.parametrize("key", REQUIRED)
def test_a_manifest_that_lacks_a_key_is_refused_naming_it(bundle, key):
    path = bundle.path / MANIFEST
    values = json.loads(path.read_text())
    del values[key]
    path.write_text(json.dumps(values))

    with pytest.raises(ContractError, match=rf"bundle\.json: {key}: expected a key, found nothing"):
        read_bundle(bundle.path)


@pytest.mark.parametrize(("key", "part"), PARTS)
def test_a_manifest_that_lacks_a_part_of_a_key_is_refused_naming_it(bundle, key, part):
    values = json.loads((bundle.path / MANIFEST).read_text())[key]
    del values[part]
    edit(bundle, **{key: values})

    with pytest.raises(ContractError, match=rf"bundle\.json: {key}\.{part}: expected a key"):
        read_bundle(bundle.path)


def test_a_bundle_of_version_1_0_leaves_colours_as_scanned(bundle):
    edit(bundle, format_version="1.0", preprocessing={"stain": "none"})

    assert read_bundle(bundle.path).manifest.preprocessing == Preprocessing()


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_a_stain_without_its_target_is_refused(bundle, version):
    edit(bundle, format_version=version, preprocessing={"stain": "macenko", "patches": 64})

    with pytest.raises(ContractError, match=r"bundle\.json: preprocessing.*target"):
        read_bundle(bundle.path)


def test_the_target_of_a_stain_is_read_back(tmp_path):
    told = manifest(preprocessing=Preprocessing.of("reinhard", 16))
    write_bundle(tmp_path / "bundle", told, lambda path: path.write_bytes(b"network"), "# Card")

    assert read_bundle(tmp_path / "bundle").manifest.preprocessing == told.preprocessing


def network(inputs=((8, 8, 3),), outputs=(1,), layer="conv"):
    images = [keras.Input(shape) for shape in inputs]
    mixed = keras.layers.Add()(images) if len(images) > 1 else images[0]
    maps = keras.layers.Conv2D(2, 3, name=layer)(mixed)
    mean = keras.layers.GlobalAveragePooling2D()(maps)
    return keras.Model(images, [keras.layers.Dense(n, "sigmoid")(mean) for n in outputs])


def test_a_network_as_the_manifest_describes_it_is_loaded(tmp_path):
    bundle = write_bundle(tmp_path / "bundle", manifest(), network().save, "# Card")

    assert bundle.load_network().input_shape == (None, 8, 8, 3)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"inputs": [(16, 16, 3)]}, r"inputs: expected .*8, 8, 3.*found .*16, 16, 3"),
        ({"inputs": [(8, 8, 3)] * 2}, "inputs: expected"),
        ({"outputs": [2]}, r"outputs: expected \[\(None, 1\)\].*found \[\(None, 2\)\]"),
        ({"outputs": [1, 1]}, "outputs: expected"),
        ({"layer": "other"}, "layers: expected the layer 'conv'.*found .*other"),
    ],
)
def test_a_network_that_is_not_what_the_manifest_says_is_refused(tmp_path, other, said):
    bundle = write_bundle(tmp_path / "bundle", manifest(), network(**other).save, "# Card")

    with pytest.raises(ContractError, match=rf"model\.keras: {said}"):
        bundle.load_network()


def foreign_zip(path):
    with zipfile.ZipFile(path, "w") as stored:
        stored.writestr("notes.txt", "no network")


def foreign_configuration(path):
    with zipfile.ZipFile(path, "w") as stored:
        for name in ("config.json", "metadata.json"):
            stored.writestr(name, '{"class_name": "Own", "module": "own", "config": {}}')


@pytest.mark.parametrize(
    "save", [lambda path: path.write_bytes(b"no zip"), foreign_zip, foreign_configuration]
)
def test_a_file_that_keras_cannot_load_is_refused(tmp_path, save):
    bundle = write_bundle(tmp_path / "bundle", manifest(), save, "# Card")

    with pytest.raises(ContractError, match=r"model\.keras: file: expected a network Keras loads"):
        bundle.load_network()


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(ContractError, match="Give the folder that holds bundle.json"):
        read_bundle(tmp_path)


def test_a_failed_save_leaves_the_previous_bundle(bundle):
    def die(path):
        path.write_bytes(b"half")
        raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        write_bundle(bundle.path, manifest(), die, "# Card")

    assert read_bundle(bundle.path) == bundle


@given(patients=st.sets(st.text(min_size=1), max_size=5), other=st.text())
def test_patients_are_recognised_and_never_spelled(patients, other):
    seen = manifest(patients=SeenPatients.of({"train": [*patients, ""]}))

    assert all(seen.split_of("f", patient) == "train" for patient in patients)
    assert seen.split_of("f", other) == ("train" if other in patients else "")
    assert seen.split_of("f", "") == ""
    assert all(len(hashed) == 64 for hashed in seen.patients.hashes["train"])


def test_slides_are_recognised_by_content():
    assert manifest(slides={"test": ["abc"]}).split_of("abc", "") == "test"
    assert manifest(slides={"test": ["abc"]}).split_of("abd", "") == ""


def test_two_bundles_hash_one_patient_differently():
    one, two = (SeenPatients.of({"train": ["p"]}) for _ in range(2))

    assert one.hashes != two.hashes


@pytest.mark.parametrize(
    ("metrics", "config", "threshold"),
    [
        ({"valid": {"threshold": 0.3}}, {"threshold": 0.7}, 0.3),
        ({"valid": {"n": 0}, "note": "none"}, {"threshold": 0.7}, 0.7),
        ({}, {"threshold": "youden"}, 0.5),
    ],
)
def test_the_threshold_is_the_measured_one_then_the_given_one_then_a_half(
    metrics, config, threshold
):
    manifest = Manifest(
        architecture="a", patch_size=8, patch_mpp=1.0, cam_layer="c", metrics=metrics, config=config
    )

    assert manifest.threshold == threshold
