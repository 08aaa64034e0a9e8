from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.annotations import read_annotations
from common.cohort import SlideEntry, read_cohort, write_cohort
from common.cohort.entry import SPLITS
from common.errors import ConfigError


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def cohort(tmp_path, text):
    file = tmp_path / "cohort.csv"
    file.write_text(text)
    return file


def test_slides_of_a_folder_are_sorted_by_id(tmp_path):
    touch(tmp_path / "a" / "z.tif")
    touch(tmp_path / "b" / "m.tif")
    touch(tmp_path / "y.svs")

    assert [entry.slide_id for entry in read_cohort(tmp_path)] == ["m", "y", "z"]


def test_slides_of_a_csv_are_sorted_by_id(tmp_path):
    file = cohort(tmp_path, "path\nb.tif\na.tif\n")

    assert [entry.slide_id for entry in read_cohort(file)] == ["a", "b"]


def test_one_slide_is_a_cohort(tmp_path):
    slide = touch(tmp_path / "a.SVS")

    assert read_cohort(slide) == [SlideEntry("a", slide)]


def test_paths_are_absolute(tmp_path, monkeypatch):
    touch(tmp_path / "slides" / "a.tif")
    monkeypatch.chdir(tmp_path)

    assert read_cohort(Path("slides"))[0].path == tmp_path / "slides" / "a.tif"


def test_slides_and_annotations_that_a_csv_names_need_not_exist(tmp_path):
    (entry,) = read_cohort(cohort(tmp_path, "path,annotation\ngone.tif,gone.xml\n"))

    assert entry.path == tmp_path / "gone.tif"
    assert entry.annotation == tmp_path / "gone.xml"


def test_the_scale_given_is_for_slides_that_have_none(tmp_path):
    file = cohort(tmp_path, "path,mpp\na.tif,0.25\nb.tif,\n")

    assert [entry.mpp for entry in read_cohort(file, mpp=0.5)] == [0.25, None]
    assert [entry.fallback_mpp for entry in read_cohort(file, mpp=0.5)] == [0.5, 0.5]
    assert [entry.mpp for entry in read_cohort(file)] == [0.25, None]


@pytest.mark.parametrize("mpp", [0.0, -1.0, float("nan")])
def test_a_scale_that_is_none_is_refused(tmp_path, mpp):
    touch(tmp_path / "a.tif")

    with pytest.raises(ConfigError, match="--mpp: expected um/px greater than 0, found"):
        read_cohort(tmp_path, mpp=mpp)


@pytest.mark.parametrize(("first", "second"), [("a/x.tif", "b/x.tif"), ("x.svs", "x.tif")])
def test_two_slides_of_one_id_are_refused_with_both_files(tmp_path, first, second):
    touch(tmp_path / first)
    touch(tmp_path / second)

    with pytest.raises(ConfigError, match="expected one slide called 'x'") as caught:
        read_cohort(tmp_path)

    assert str(tmp_path / first) in str(caught.value)
    assert str(tmp_path / second) in str(caught.value)


def test_patients_in_two_splits_are_refused_by_name(tmp_path):
    text = "path,patient,split\na.tif,p1,train\nb.tif,p1,test\nc.tif,p2,valid\nd.tif,p2,train\n"

    with pytest.raises(ConfigError) as caught:
        read_cohort(cohort(tmp_path, text + "e.tif,p3,test\nf.tif,p3,\n"))

    assert [line.partition(": ")[2] for line in str(caught.value).splitlines()] == [
        "patient p1: expected one split, found test and train",
        "patient p2: expected one split, found train and valid",
    ]


def test_patients_that_are_not_known_are_not_compared(tmp_path):
    file = cohort(tmp_path, "path,split\na.tif,train\nb.tif,test\n")

    assert [entry.split for entry in read_cohort(file)] == ["train", "test"]


@given(
    members=st.lists(
        st.tuples(st.sampled_from(["", "p1", "p2"]), st.sampled_from(["", *SPLITS])), min_size=1
    )
)
def test_no_cohort_has_a_patient_in_two_splits(tmp_path_factory, members):
    file = tmp_path_factory.getbasetemp() / "members.csv"
    entries = [
        SlideEntry(str(at), Path(f"/{at}.tif"), patient=patient, split=split)
        for at, (patient, split) in enumerate(members)
    ]
    write_cohort(entries, file)
    splits = [
        {split for who, split in members if who == patient and split} for patient in ("p1", "p2")
    ]

    if max(map(len, splits)) > 1:
        with pytest.raises(ConfigError, match="expected one split"):
            read_cohort(file)
    else:
        assert len(read_cohort(file)) == len(members)


@pytest.mark.parametrize(
    ("name", "said"),
    [("a.txt", "found a file ending in '.txt'"), ("a", "a file ending in ''")],
)
def test_a_file_that_is_neither_slide_nor_csv_is_refused(tmp_path, name, said):
    with pytest.raises(ConfigError, match=rf"expected a folder, a cohort CSV or a slide .*{said}"):
        read_cohort(touch(tmp_path / name))


@pytest.mark.parametrize("name", ["gone", "gone.csv", "gone.tif"])
def test_a_source_that_is_not_there_is_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="found nothing there"):
        read_cohort(tmp_path / name)


def test_a_folder_written_as_a_csv_is_the_same_cohort(tmp_path):
    touch(tmp_path / "slides" / "normal" / "normal_001.tif")
    touch(tmp_path / "slides" / "tumor" / "tumor_001.tif")
    touch(tmp_path / "slides" / "annotations" / "tumor_001.xml")
    scanned = read_cohort(tmp_path / "slides")

    write_cohort(scanned, tmp_path / "cohort.csv")

    assert read_cohort(tmp_path / "cohort.csv") == scanned


@pytest.mark.real_data
def test_the_mosaic_cohort_is_known_from_its_layout(shared_data):
    entries = read_cohort(shared_data / "mosaic")

    assert [(one.patient, one.node, one.centre, one.slide_label) for one in entries] == [
        ("patient_000", "0", "0", "macro"),
        ("patient_001", "1", "0", "negative"),
        ("patient_002", "1", "0", "negative"),
        ("patient_020", "2", "1", "macro"),
        ("patient_021", "0", "1", "negative"),
        ("patient_022", "2", "1", "micro"),
        ("patient_040", "3", "2", "micro"),
        ("patient_041", "4", "2", "macro"),
    ]
    assert [one.annotation is None for one in entries] == [
        one.slide_label == "negative" for one in entries
    ]
    for one in entries:
        if one.annotation is not None:
            assert not read_annotations(one.annotation).tumor.is_empty
