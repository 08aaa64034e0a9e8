from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.cohort import SlideEntry, write_cohort
from common.cohort.csv_file import COLUMNS, read_csv
from common.cohort.entry import SLIDE_LABELS, SPLITS, is_file_name, is_plain
from common.errors import ConfigError

texts = st.text(max_size=8).filter(is_plain)
names = st.text(min_size=1, max_size=8).filter(lambda text: is_plain(text) and is_file_name(text))


def paths(folder):
    """Absolute paths, some below `folder`, some elsewhere."""
    roots = st.sampled_from([folder, folder / "slides", folder.parent, Path("/mnt/slides")])
    return st.builds(lambda root, name: root / f"{name}.tif", roots, names)


def entries(folder):
    entry = st.builds(
        SlideEntry,
        slide_id=names,
        path=paths(folder),
        patient=texts,
        node=texts,
        centre=texts,
        slide_label=st.sampled_from(["", *SLIDE_LABELS]),
        split=st.sampled_from(["", *SPLITS]),
        mpp=st.none() | st.floats(min_value=0, exclude_min=True, allow_infinity=False),
        annotation=st.none() | paths(folder),
    )
    return st.lists(entry, min_size=1, max_size=4, unique_by=lambda one: one.slide_id)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cohort")


def read(tmp_path, text):
    file = tmp_path / "cohort.csv"
    file.write_text(text, encoding="utf-8")
    return read_csv(file)


def mistakes(tmp_path, text):
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{tmp_path / 'cohort.csv'}: line ") for line in lines)
    return [line.partition(": line ")[2] for line in lines]


@given(data=st.data())
def test_writing_then_reading_gives_equal_entries(folder, data):
    written = data.draw(entries(folder))
    file = folder / "cohort.csv"

    write_cohort(written, file)

    assert read_csv(file) == written


@given(head=st.sampled_from([b"", b"path\n", b"path,slide_id,mpp\n"]), data=st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(folder, head, data):
    file = folder / "any.csv"
    file.write_bytes(head + data)
    try:
        assert read_csv(file)
    except ConfigError as error:
        assert str(error).startswith(f"{file}: ")  # noqa: PT017


def test_a_folder_with_its_csv_can_be_moved(tmp_path):
    here = tmp_path / "here"
    write_cohort([SlideEntry("a", here / "slides" / "a.tif")], here / "cohort.csv")

    here.rename(tmp_path / "there")

    (entry,) = read_csv(tmp_path / "there" / "cohort.csv")
    assert entry.path == tmp_path / "there" / "slides" / "a.tif"


def test_relative_paths_start_at_the_folder_of_the_csv(tmp_path, monkeypatch):
    monkeypatch.chdir("/")

    (entry,) = read(tmp_path, "path,annotation\nslides/a.tif,drawn/a.xml\n")

    assert entry.path == tmp_path / "slides" / "a.tif"
    assert entry.annotation == tmp_path / "drawn" / "a.xml"


def test_a_csv_written_by_hand_needs_only_paths(tmp_path):
    named, unnamed = read(tmp_path, "path, slide_id\na.b.tif,first\n/data/patient_001_node_1.tif\n")

    assert named == SlideEntry("first", tmp_path / "a.b.tif")
    assert unnamed == SlideEntry("patient_001_node_1", Path("/data/patient_001_node_1.tif"))


def test_the_columns_are_the_fields_in_order(tmp_path):
    write_cohort([], tmp_path / "a.csv")

    assert (tmp_path / "a.csv").read_text() == ",".join(COLUMNS) + "\n"
    assert COLUMNS[:2] == ("slide_id", "path")


def test_every_mistake_is_told_with_its_line(tmp_path):
    text = (
        "slide_id,path,slide_label,split,mpp\n"
        "a,a.tif,big,,auto\n"
        "\n"
        "../b,b.tif,,dev,-1\n"
        "c,,,,\n"
        "d,d.tif,,,0.25,6\n"
        "e,e.tif,,,nan\n"
        "f,f.tif,,,0.25\n"
        "f,g/f.tif,,,0.25\n"
    )

    found = mistakes(tmp_path, text)

    assert found[:5] == [
        "2: slide_label: expected one of negative, positive, itc, micro, macro or nothing, "
        "found 'big'",
        "2: mpp: expected um/px greater than 0, found 'auto'",
        "4: slide_id: expected a name that files can bear, of at most 180 bytes, without / or "
        "\\, not opening with a dot, not ending like .part-0-of-2, found '../b'",
        "4: split: expected one of train, valid, test or nothing, found 'dev'",
        "4: mpp: expected um/px greater than 0, found '-1'",
    ]
    assert found[5:8] == [
        "5: path: expected a file, found nothing",
        "6: expected 5 cells, found 6. Quote a cell with a comma",
        "7: mpp: expected um/px greater than 0, found 'nan'",
    ]
    first, second = tmp_path / "f.tif", tmp_path / "g" / "f.tif"
    assert found[8:] == [f"9: slide_id: 'f' is taken on line 8 by {first}, found {second} here"]


def test_an_unknown_column_is_answered_with_the_nearest(tmp_path):
    unknown, missing = mistakes(tmp_path, "slide,Center\na.tif,0\n")[0::2]

    assert unknown.startswith("1: column 'slide': not known. Did you mean 'slide_id'?")
    assert missing == "1: column 'path': expected, found nothing"


def test_a_column_named_twice_is_refused(tmp_path):
    assert mistakes(tmp_path, "path,path\na,b\n") == ["1: column 'path': named twice"]


def test_a_tab_in_a_path_is_refused(tmp_path):
    (found,) = mistakes(tmp_path, "path,annotation\na.tif,a\tb.xml\n")

    assert found == "2: annotation: expected a path on one line, found 'a\\tb.xml'"


def test_a_header_alone_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="expected at least one slide, found none"):
        read(tmp_path, "path\n")


@pytest.mark.parametrize("name", ["a\nb.tif", "a.tif ", "\udc80.tif"])
def test_a_path_that_a_csv_cannot_hold_is_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="Rename the file"):
        write_cohort([SlideEntry("a", tmp_path / name)], tmp_path / "cohort.csv")

    assert not (tmp_path / "cohort.csv").exists()


@pytest.mark.parametrize(
    "name",
    ["two words.tif", 'it\'s "quoted", she said.tif', "Präparat é.tif", "スライド.svs", "-x.tif"],
)
def test_paths_may_have_spaces_quotes_commas_and_any_letter(tmp_path, name):
    folder = tmp_path / "Fälle, 2 & more"
    slide = SlideEntry("s", folder / name, annotation=folder / f"{name}.xml")

    write_cohort([slide], tmp_path / "c.csv")

    assert read_csv(tmp_path / "c.csv") == [slide]


@pytest.mark.parametrize("column", ["path", "annotation"])
def test_a_path_with_a_line_break_is_refused_with_its_line(tmp_path, column):
    values = {"path": "a.tif", "annotation": "a.xml"} | {column: '"a\nb.tif"'}
    csv = tmp_path / "c.csv"
    csv.write_text(f"path,annotation\n{values['path']},{values['annotation']}\n")

    with pytest.raises(
        ConfigError, match=rf"c.csv: line \d: {column}: expected a path on one line"
    ):
        read_csv(csv)
