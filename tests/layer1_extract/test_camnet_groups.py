from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from patch_files import write_patch_file

from common.errors import ConfigError, ContractError
from layer1_extract.camnet_groups import nodes_of


@pytest.mark.parametrize(
    ("patient", "node", "centre"),
    [("patient_017", "2", "3"), ("017", "node_2", "centre_3"), ("patient017", "node2", "3")],
)
def test_names_give_the_groups_their_numbers_as_they_are_written(tmp_path, patient, node, centre):
    path = write_patch_file(tmp_path, "s", patient=patient, node=node, centre=centre)

    (found,) = nodes_of([path])

    assert found.group == "centre3/patient017/node2"
    assert (found.paths, found.patch_size) == ((path,), 16)


@given(order=st.permutations(range(11)))
def test_parts_are_in_order_however_they_are_given(tmp_path_factory, order):
    folder = tmp_path_factory.mktemp("g")
    paths = [
        write_patch_file(
            folder, "s", patient="1", node="2", centre="3", n=1, size=8, part=part, parts=11
        )
        for part in range(11)
    ]

    (found,) = nodes_of([paths[part] for part in order])

    assert list(found.paths) == paths


def test_a_damaged_file_is_named(tmp_path):
    path = write_patch_file(tmp_path, "s", patient="1", node="2", centre="3")
    path.write_bytes(path.read_bytes()[:500])

    with pytest.raises(ContractError, match=r"s\.h5"):
        nodes_of([path])


def test_a_name_without_a_number_is_refused_with_what_to_do(tmp_path):
    path = write_patch_file(tmp_path, "s", patient="TCGA-A1", node="2", centre="3")

    with pytest.raises(ConfigError, match=r"'TCGA-A1'\n.*complete them, or leave the files out"):
        nodes_of([path])
