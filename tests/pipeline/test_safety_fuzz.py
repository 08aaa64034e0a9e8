"""Any configuration and any cohort is read, or refused as one: no input is a traceback."""

from __future__ import annotations

import codecs
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from real_command import run

from common.cohort import read_cohort
from common.config import digest, dump, load
from common.errors import ConfigError
from layer1_extract.config import ExtractSettings, ImportSettings

KINDS = (ExtractSettings, ImportSettings)
SECTIONS = st.sampled_from([*ExtractSettings.model_fields, "mpp", "unknown"])
KEYS = st.sampled_from(["size", "mpp", "method", "seed", "stride", "quality", "codec", "draws"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.dates(),
    st.binary(max_size=4),
    st.sampled_from([math.nan, math.inf, 0, -1, 2**63, "native", "dense", "random", "raw", ""]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=3),
    max_leaves=8,
)
MARKS = st.text("{}[]:,-?&*!|>'\"%@#~ \n\tab01.<=\u00e9\ufeff\x00\x85\u2028", max_size=60)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1")
HEADS = ("", "path\n", "slide_id,path,patient,node,centre,slide_label,split,mpp,annotation\n")
CELLS = st.text("abc,\"'\n\r\t;/\\.\x00 =-1e9\u00e9\ud7ff\ufeff\u202e", max_size=80)
DEEP = {
    "flow": "[" * 20_000,
    "maps": "{a: " * 20_000,
    "block": "\n".join(" " * depth + "a:" for depth in range(2_000)),
    "list": "- " * 5_000,
}


def read_or_refused(kind, path, overrides=()):
    """Settings that can be written and read again, or an error that names what is wrong."""
    try:
        settings = load(kind, path, overrides)
    except ConfigError as error:
        assert str(error)  # noqa: PT017
        return
    path.write_text(dump(settings), encoding="utf-8")
    assert digest(load(kind, path)) == digest(settings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.binary(max_size=60) | MARKS.map(str.encode))
def test_any_bytes_are_settings_or_are_refused(folder, kind, data):
    path = folder / "bytes.yaml"
    path.write_bytes(data)

    read_or_refused(kind, path)


@pytest.mark.parametrize("kind", KINDS)
@given(values=st.dictionaries(SECTIONS, VALUES | st.dictionaries(KEYS, VALUES), max_size=4))
def test_any_structure_is_settings_or_is_refused(folder, kind, values):
    path = folder / "structure.yaml"
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")

    read_or_refused(kind, path)


@given(key=st.text("abpatch.size=[]{}*&", max_size=20), value=MARKS)
def test_any_override_is_taken_or_is_refused(folder, key, value):
    path = folder / "override.yaml"
    path.write_text("")

    read_or_refused(ExtractSettings, path, [f"{key}={value}", f"patch.size={value}"])


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", ["config", "cohort"])
def test_text_in_any_encoding_is_read_or_is_refused(tmp_path, encoding, kind):
    known = codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}
    path = tmp_path / "file.csv"
    text = "patch: {size: 96}  # é" if kind == "config" else "slide_id,path\né,s.tif\n"
    path.write_bytes(text.encode(encoding))

    def read():
        return load(ExtractSettings, path).patch.size if kind == "config" else read_cohort(path)

    if known:
        assert read()
    else:
        with pytest.raises(ConfigError, match=r"file\.csv: .*(utf-8|UTF-8|special characters)"):
            read()


@pytest.mark.parametrize("nesting", DEEP)
def test_deep_nesting_is_refused_by_the_command_in_a_line(tmp_path, nesting):
    (tmp_path / "c.yaml").write_text(DEEP[nesting])

    said = run("plan", tmp_path, "--config", tmp_path / "c.yaml")

    assert said.returncode == 2
    assert said.stderr.startswith(f"error: {tmp_path / 'c.yaml'}: ")
    assert len(said.stderr.splitlines()) == 1


@given(head=st.sampled_from(HEADS), rows=CELLS | st.binary(max_size=60))
def test_any_bytes_are_a_cohort_or_are_refused(folder, head, rows):
    path = folder / "cohort.csv"
    path.write_bytes(head.encode() + (rows if isinstance(rows, bytes) else rows.encode()))
    try:
        entries = read_cohort(path)
    except ConfigError as error:
        assert str(path) in str(error)  # noqa: PT017
        return
    assert len({entry.slide_id for entry in entries}) == len(entries) > 0


def test_a_cell_larger_than_any_path_is_refused(tmp_path):
    path = tmp_path / "cohort.csv"
    path.write_text(f"path\n{'a' * 200_000}\n")

    with pytest.raises(ConfigError, match=r"cohort\.csv: .* field larger"):
        read_cohort(path)
