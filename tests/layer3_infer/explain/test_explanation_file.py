from __future__ import annotations

import h5py
import numpy as np
import pytest

from common.errors import ContractError
from layer3_infer.explain.explanation import Explanation
from layer3_infer.explain.explanation_file import (
    Header,
    SlideExplanations,
    file_name,
    read_explanations,
    write_explanations,
)

HEADER = Header(
    method="grad_cam",
    target="tumor",
    slide_id="a",
    slide_fingerprint="f",
    patch_size=4,
    patch_mpp=0.5,
    model_sha256="m",
    seen_in_split="",
    config_sha256="c",
    patches_config_sha256="p",
    software="camnet test",
    candidates=9,
    choice="uncertain",
)


def explanation(seed):
    rng = np.random.default_rng(seed)
    return Explanation(
        method="grad_cam",
        target="tumor",
        raw=rng.random((4, 4), dtype=np.float32) - np.float32(0.5),
        patch=rng.integers(0, 256, (4, 4, 3), dtype=np.uint8),
        slide_id="a",
        x=seed,
        y=2 * seed,
        probability=0.25,
        label=1,
        measures={"r2": seed / 4},
    )


@pytest.fixture
def path(tmp_path):
    file = tmp_path / file_name("a", "grad_cam")
    write_explanations(file, SlideExplanations(HEADER, (explanation(1), explanation(2))))
    return file


def test_what_is_written_is_read_in_order(path):
    found = read_explanations(path)

    assert found.header == HEADER
    for read, wrote in zip(found.explanations, (explanation(1), explanation(2)), strict=True):
        assert read.attribution.tobytes() == wrote.attribution.tobytes()
        assert read.patch.tobytes() == wrote.patch.tobytes()
        assert read.raw.tobytes() == wrote.raw.tobytes()
        assert read.measures == wrote.measures
        assert (read.x, read.y, read.probability, read.label) == (wrote.x, wrote.y, 0.25, 1)


def test_a_slide_without_patches_is_a_file_too(tmp_path):
    write_explanations(tmp_path / "a.h5", SlideExplanations(HEADER, ()))

    assert read_explanations(tmp_path / "a.h5").explanations == ()


def with_attribute(path, name, value):
    with h5py.File(path, "a") as file:
        if value is None:
            del file.attrs[name]
        else:
            file.attrs[name] = value


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("format", "other", "format: expected camnet-explanations"),
        ("format_version", "3.0", "'3.0' written by camnet test"),
        ("method", None, "method: expected an attribute"),
    ],
)
def test_another_format_or_version_is_refused(path, name, value, message):
    with_attribute(path, name, value)

    with pytest.raises(ContractError, match=message):
        read_explanations(path)


def test_columns_of_another_kind_or_length_are_refused(path):
    with h5py.File(path, "a") as file:
        del file["labels"]
        file["labels"] = np.zeros(1, np.int8)
    with pytest.raises(ContractError, match="a row per patch"):
        read_explanations(path)

    with h5py.File(path, "a") as file:
        del file["labels"]
    with pytest.raises(ContractError, match="/labels: expected 1 axes of int8, found nothing"):
        read_explanations(path)


def test_a_cut_off_file_is_refused(path):
    path.write_bytes(path.read_bytes()[:200])

    with pytest.raises(ContractError, match="expected explanations"):
        read_explanations(path)


def test_a_file_of_version_1_0_has_no_number_of_candidates(path):
    with_attribute(path, "format_version", "1.0")
    with_attribute(path, "candidates", None)

    assert read_explanations(path).header.candidates == 0


def test_a_file_of_version_1_1_has_its_shares_for_raw_values_and_no_measures(path):
    with_attribute(path, "format_version", "1.1")
    with_attribute(path, "choice", None)
    with h5py.File(path, "a") as file:
        del file["raw"]
        del file["measures"]

    found = read_explanations(path)

    assert found.header.choice == "top"
    assert found.explanations[0].raw.tobytes() == explanation(1).attribution.tobytes()
    assert found.explanations[0].attribution.tobytes() == explanation(1).attribution.tobytes()
    assert found.explanations[0].measures == {}


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("raw", np.full((2, 4, 4), np.nan, np.float32), "/raw: expected maps of patches"),
        ("raw", np.zeros((2, 3, 4), np.float32), "/raw: expected maps of patches"),
        ("attribution", np.full((2, 4, 4), 2, np.float32), "/attribution: expected values from 0"),
        ("measures/r2", np.zeros(3), "a row per patch"),
        ("measures/r2", np.zeros(2, np.int8), "/measures/r2: expected 1 axes of float64"),
    ],
)
def test_values_that_cannot_be_are_refused(path, name, values, message):
    with h5py.File(path, "a") as file:
        del file[name]
        file[name] = values

    with pytest.raises(ContractError, match=message):
        read_explanations(path)
