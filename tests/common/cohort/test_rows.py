from __future__ import annotations

import pytest

from common.cohort.rows import read_rows
from common.errors import ConfigError


def read(tmp_path, data):
    file = tmp_path / "a.csv"
    file.write_bytes(data)
    return read_rows(file)


def test_cells_are_stripped_and_blank_lines_counted_but_left_out(tmp_path):
    assert read(tmp_path, b"\xef\xbb\xbfpath , mpp\r\n\r\n , \r\na.tif, 0.25\r\n") == [
        (1, ["path", "mpp"]),
        (4, ["a.tif", "0.25"]),
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "expected a header and a line per slide, found nothing"),
        (b" \n,\n", "expected a header and a line per slide"),
        (b"p\xe9re", "expected a CSV in UTF-8"),
        (b'path\n"a', "expected a CSV in UTF-8, found unexpected end of data"),
    ],
)
def test_what_is_no_csv_is_refused(tmp_path, data, said):
    with pytest.raises(ConfigError, match=rf"a.csv: {said}"):
        read(tmp_path, data)


def test_a_missing_csv_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="expected a readable CSV, found No such file"):
        read_rows(tmp_path / "gone.csv")
