from __future__ import annotations

import pytest

from common.errors import ContractError
from layer3_infer.evaluation.csv_table import read_table

COLUMNS = (("slide_id", "image"), ("score", "p"))


def table(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "slide_id,score\na,0.5\n",
        "P, Image \n0.5, a\n",
        "centre,image,p,more\n1,a,0.5,x\n",
        "\ufeffslide_id,score\r\n\r\na,0.5\r\n",
    ],
)
def test_columns_are_known_by_name_wherever_they_stand(tmp_path, text):
    (row,) = read_table(table(tmp_path, text), COLUMNS)

    assert row.cells == {"slide_id": "a", "score": "0.5"}


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    rows = read_table(table(tmp_path, "slide_id,score\n\na,1\nb,2\n"), COLUMNS)

    assert [row.line for row in rows] == [3, 4]


def test_without_a_header_columns_stand_in_their_order(tmp_path):
    (row,) = read_table(table(tmp_path, "a,0.5\n"), COLUMNS, header=False)

    assert (row.line, row.cells) == (1, {"slide_id": "a", "score": "0.5"})


def test_a_table_without_a_line_is_empty_where_no_header_is_asked_for(tmp_path):
    assert read_table(table(tmp_path, ""), COLUMNS, header=False) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected a header with slide_id, score, found nothing"),
        ("a,0.5\n", "line 1: expected a header with slide_id, score, found a,0.5"),
        ("slide_id,value\na,0.5\n", "a header with score, found slide_id,value. Name the columns"),
        (
            "slide_id,p,Score\na,1,2\n",
            "line 1: expected one column of score, p, found p and score.",
        ),
        ("slide_id,score,score\na,1,2\n", "found score and score. Remove or rename all but one"),
        ("slide_id,score\na\n", "line 2: expected slide_id,score, found 1 cells: a. Correct"),
        (b"slide_id,score\n\xff,1\n", "expected a CSV in UTF-8"),
        ('slide_id,score\n"a,1\n', "expected a CSV in UTF-8"),
    ],
)
def test_what_is_no_such_table_is_refused_with_its_line(tmp_path, text, message):
    with pytest.raises(ContractError, match="table.csv") as caught:
        read_table(table(tmp_path, text), COLUMNS)

    assert message in str(caught.value)


def test_half_a_header_is_no_header(tmp_path):
    with pytest.raises(ContractError, match="a header with score"):
        read_table(table(tmp_path, "slide_id,value\na,0.5\n"), COLUMNS, header=False)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ContractError, match="a CSV that can be read, found No such file"):
        read_table(tmp_path / "none.csv", COLUMNS)


def test_columns_that_may_be_missing_are_empty_then(tmp_path):
    path = table(tmp_path, "slide_id,score,seen\na,1,train\nb,2\n")

    rows = read_table(path, COLUMNS, optional=["seen", "other"])

    assert [row.cells["seen"] for row in rows] == ["train", ""]
    assert rows[0].cells["other"] == ""


@pytest.mark.parametrize("text", ["nan", "inf", "high", "", "1.5", "-0.1"])
def test_a_number_that_is_none_or_beyond_its_limits_is_refused(tmp_path, text):
    (row,) = read_table(table(tmp_path, f"slide_id,score\na,{text}\n"), COLUMNS)

    with pytest.raises(ContractError, match=r"line 2: score: expected a number from 0 to 1, found"):
        row.number("score", 0, 1)


def test_a_name_may_not_be_empty(tmp_path):
    (row,) = read_table(table(tmp_path, "slide_id,score\n,1\n"), COLUMNS)

    with pytest.raises(ContractError, match="line 2: slide_id: expected a name, found nothing"):
        row.name("slide_id")
