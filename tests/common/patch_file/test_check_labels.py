from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
from broken_patch_files import change, replace, write_small

from common.errors import ContractError
from common.patch_file.check import check
from common.patch_file.schema import REASONS


@pytest.fixture
def path(tmp_path):
    return write_small(tmp_path / "s.h5", "none")


def counts_of(path):
    with h5py.File(path) as file:
        return json.loads(file.attrs["counts"])


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("labels", np.array([0, 1, 2], np.int8), "/labels: expected -1, 0 or 1"),
        ("tumor_fraction", np.array([0, 1.5, 0], np.float32), "/tumor_fraction: expected 0 to 1"),
        ("rejected_reason", np.array([99], np.uint8), "/rejected_reason: expected codes"),
    ],
)
def test_values_that_stand_for_nothing_are_named(path, name, values, message):
    replace(path, name, values)

    with pytest.raises(ContractError, match=message):
        check(path)


@pytest.mark.parametrize("name", ["kept", "normal", "tumor", "unknown", "rejected", "white", "pen"])
def test_a_count_of_something_else_is_named(path, name):
    change(path, "/", counts=json.dumps({**counts_of(path), name: 77}))

    with pytest.raises(ContractError, match=rf"counts\.{name}: expected [013], found 77"):
        check(path)


@pytest.mark.parametrize("counts", ["nonsense", "[]", "3", "null", '{"kept": true}', [1, 2]])
def test_counts_that_are_no_object_of_numbers_are_refused(path, counts):
    change(path, "/", counts=counts)

    with pytest.raises(ContractError, match="counts: expected a JSON object of numbers"):
        check(path)


def test_a_newer_version_may_know_more_reasons(path):
    replace(path, "rejected_reason", np.array([200], np.uint8))
    change(path, "rejected_reason", reasons=json.dumps({**REASONS, "folded": 200}))
    change(path, "/", counts=json.dumps({**counts_of(path), "white": 0, "folded": 1}))

    assert check(path).slide_id == "s"


@pytest.mark.parametrize(
    ("reasons", "message"),
    [
        (None, "reasons: expected a JSON object"),
        ("[]", "reasons: expected a JSON object"),
        ('{"white": "3"}', "reasons: expected a JSON object"),
        ('{"white": 4}', "reasons white: expected code 3, found 4"),
        ('{"pale": 3}', "reasons pale: expected a code of its own, found 3"),
        ('{"white": 3, "folded": 256}', "reasons folded: expected a code of its own, found 256"),
        ('{"black": 4}', "/rejected_reason: expected codes of"),
    ],
)
def test_codes_of_reasons_are_those_of_the_files_own_table(path, reasons, message):
    change(path, "rejected_reason", reasons=reasons)

    with pytest.raises(ContractError, match=message):
        check(path)
