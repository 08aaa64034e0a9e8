from __future__ import annotations

import json

import numpy as np
import pytest
from broken_patch_files import WHOLE_GRID, change, replace, write_small

from common.errors import ContractError
from common.patch_file.check import check, violations

LAST = np.array([(16, 16)], np.int64)


@pytest.mark.parametrize(
    ("name", "coords", "message"),
    [
        ("coords", [(0, 16), (0, 0), (16, 0)], "/coords: expected places by row, then by column"),
        ("coords", [(0, 0), (16, 0), (0, 785)], "/coords: .* patches that leave it"),
        ("coords", [(-1, 0), (16, 0), (0, 16)], "/coords: .* patches that leave it"),
        ("coords", [(0, 0), (16, 0), (0, 2**63 - 1)], "/coords: .* patches that leave it"),
        ("coords", [(0, 0), (16, 0), (16, 0)], "/coords: expected no place twice, found 1"),
        ("rejected_coords", [(985, 0)], "/rejected_coords: .* patches that leave it"),
        ("rejected_coords", [(16, 0)], "/rejected_coords: expected places that were not kept"),
    ],
)
def test_places_are_on_the_slide_in_order_and_only_once(tmp_path, name, coords, message):
    path = write_small(tmp_path / "s.h5")

    replace(path, name, np.array(coords, np.int64))

    with pytest.raises(ContractError, match=message):
        check(path)


@pytest.mark.parametrize(
    ("coords", "message"),
    [
        ([(48, 0), (32, 0)], "/rejected_coords: expected places by row, then by column"),
        ([(32, 0), (32, 0)], "/rejected_coords: expected no place twice"),
    ],
)
def test_rejected_places_are_in_order_and_only_once(tmp_path, coords, message):
    two = np.array([(32, 0), (48, 0)], np.int64)
    path = write_small(tmp_path / "s.h5", rejected=two)

    replace(path, "rejected_coords", np.array(coords, np.int64))

    with pytest.raises(ContractError, match=message):
        check(path)


def test_dense_sampling_keeps_or_rejects_every_corner_of_its_grid(tmp_path):
    check(write_small(tmp_path / "s.h5", rejected=LAST, **WHOLE_GRID))

    path = write_small(tmp_path / "s.h5", rejected=LAST[:0], **WHOLE_GRID)

    with pytest.raises(ContractError, match="/rejected_coords: expected 4 places .*, found 3"):
        check(path)


def test_a_part_looks_at_a_part_of_the_grid(tmp_path):
    path = tmp_path / "s.part-0-of-2.h5"

    assert check(write_small(path, rejected=LAST[:0], parts=2, **WHOLE_GRID)).parts == 2


@pytest.mark.parametrize("name", ["coords", "rejected_coords"])
def test_dense_places_off_their_grid_are_found(tmp_path, name):
    path = write_small(tmp_path / "s.h5", rejected=LAST, **WHOLE_GRID)
    off = {"coords": [(0, 0), (15, 0), (0, 16)], "rejected_coords": [(15, 15)]}

    replace(path, name, np.array(off[name], np.int64))

    with pytest.raises(ContractError, match=f"/{name}: expected corners of the grid"):
        check(path)


@pytest.mark.parametrize("origin", [[2**70, 0], [32, 0]])
def test_a_grid_that_begins_off_the_slide_is_refused(tmp_path, origin):
    path = write_small(tmp_path / "s.h5", rejected=LAST, **WHOLE_GRID)

    change(path, "/", sampling=json.dumps({**WHOLE_GRID["sampling"], "origin": origin}))

    assert [type(one) for one in violations(path)] == [ContractError]


def test_patches_without_a_place_have_none(tmp_path):
    changes = {"placed": False, "patch_size_level0": 0, "level0_width": 0, "level0_height": 0}
    nowhere = np.full((2, 2), -1, np.int64)
    path = write_small(tmp_path / "s.h5", kept=nowhere, rejected=nowhere[:0], **changes)
    check(path)

    replace(path, "coords", np.zeros((2, 2), np.int64))

    with pytest.raises(ContractError, match="expected -1 without a place"):
        check(path)
