from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigError, ContractError
from layer3_infer.evaluation.detection_file import (
    detection_files,
    read_detections,
    write_detections,
)
from layer3_infer.evaluation.detections import Detections

points = st.lists(
    st.tuples(st.floats(0, 1), st.integers(-1000, 10**6), st.integers(-1000, 10**6)), max_size=5
)


@given(points)
def test_what_is_written_is_what_is_read(tmp_path_factory, found):
    path = tmp_path_factory.mktemp("detections") / "a.csv"
    given_ = Detections(
        np.array([p for p, _, _ in found]), np.array([xy for _, *xy in found], float).reshape(-1, 2)
    )

    write_detections(path, given_)
    again = read_detections(path)

    assert (again.probability == given_.probability).all()
    assert (again.xy == given_.xy).all()


def test_a_file_is_as_camelyon16_wants_it(tmp_path):
    write_detections(
        tmp_path / "a.csv", Detections(np.array([0.9, 0.25]), np.array([[5, 6], [7, 8.0]]))
    )

    assert (tmp_path / "a.csv").read_text() == "0.9,5,6\n0.25,7,8\n"


@pytest.mark.parametrize("head", ["", "Confidence,X,Y\n", "p,x,y\n"])
def test_a_head_is_understood_where_it_names_the_three(tmp_path, head):
    (tmp_path / "a.csv").write_text(f"{head}0.5,10,20.5\n")

    assert read_detections(tmp_path / "a.csv").xy.tolist() == [[10, 20.5]]


def test_a_head_that_names_other_columns_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("p,x,row\n0.5,10,20\n")

    with pytest.raises(ContractError, match="line 1: expected a header with y, found p,x,row"):
        read_detections(tmp_path / "a.csv")


def test_an_empty_file_says_that_nothing_was_found(tmp_path):
    (tmp_path / "a.csv").write_text("")

    assert not len(read_detections(tmp_path / "a.csv").xy)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nan,1,2", "line 2: p: expected a number from 0 to 1, found 'nan'"),
        ("1.2,1,2", "line 2: p: expected a number from 0 to 1, found '1.2'"),
        ("0.5,x,2", "line 2: x: expected a number"),
        ("0.5,1,1e9", "line 2: y: expected a number from -1e\\+07 to 1e\\+07"),
        ("0.5,1", "line 2: expected p,x,y, found 2 cells"),
    ],
)
def test_a_line_with_a_mistake_is_named(tmp_path, line, message):
    (tmp_path / "a.csv").write_text(f"0.5,1,2\n{line}\n")

    with pytest.raises(ContractError, match=message):
        read_detections(tmp_path / "a.csv")


def test_a_folder_holds_a_file_for_each_slide(tmp_path):
    for name in ("a.csv", "b.1.csv", ".hidden.csv", "notes.txt"):
        (tmp_path / name).write_text("")

    assert list(detection_files(tmp_path)) == ["a", "b.1"]


def test_a_folder_without_detections_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="expected a CSV of detections per slide, found none"):
        detection_files(tmp_path)
