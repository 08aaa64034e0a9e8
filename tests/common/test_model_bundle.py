from __future__ import annotations

import json
import os

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
