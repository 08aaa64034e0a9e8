from __future__ import annotations

import shutil

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from common.cohort import read_cohort
from common.cohort.dicom import one_per_series
from common.openslide_slide import OpenSlideSlide

WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"


def write(path, series, pixels=100):
    """A DICOM header of one level of a slide."""
    header = Dataset()
    header.SOPClassUID = WHOLE_SLIDE
    header.SOPInstanceUID = generate_uid(entropy_srcs=[path.name])
    header.SeriesInstanceUID = generate_uid(entropy_srcs=[series])
    header.TotalPixelMatrixColumns = pixels
    header.TotalPixelMatrixRows = pixels
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path.parent.mkdir(parents=True, exist_ok=True)
    header.save_as(path, enforce_file_format=True)
    return path


def listed(folder):
    return [(entry.slide_id, entry.path) for entry in read_cohort(folder)]


def test_the_files_of_a_series_are_one_slide_known_by_its_finest_level(tmp_path):
    for at, pixels in enumerate((10, 5000, 1000)):
        write(tmp_path / "case 7" / f"level_{at}.dcm", "one", pixels)

    assert listed(tmp_path) == [("case 7", tmp_path / "case 7" / "level_1.dcm")]


def test_a_series_of_one_file_is_named_after_it(tmp_path):
    path = write(tmp_path / "scans" / "a.dcm", "one")

    assert listed(tmp_path) == [("a", path)]


def test_two_series_in_one_folder_are_two_slides(tmp_path):
    for name, series in (("a1", "one"), ("a2", "one"), ("b1", "two"), ("b2", "two")):
        write(tmp_path / f"{name}.dcm", series)

    assert [slide_id for slide_id, _ in listed(tmp_path)] == ["a1", "b1"]


def test_slides_of_other_formats_in_the_folder_keep_it_from_giving_its_name(tmp_path):
    write(tmp_path / "a1.dcm", "one")
    write(tmp_path / "a2.dcm", "one")
    (tmp_path / "b.svs").touch()

    assert [slide_id for slide_id, _ in listed(tmp_path)] == ["a1", "b"]


def test_one_file_of_a_series_names_the_slide_that_the_folder_lists(tmp_path):
    paths = [write(tmp_path / "s" / f"{at}.dcm", "one", at + 1) for at in range(3)]

    assert all(listed(path) == listed(tmp_path) for path in paths)


def test_an_annotation_of_a_series_is_named_after_the_slide(tmp_path):
    for at in range(2):
        write(tmp_path / "images" / "s" / f"{at}.dcm", "one", at + 1)
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "s.xml").touch()

    (entry,) = read_cohort(tmp_path)

    assert entry.annotation == tmp_path / "annotations" / "s.xml"


@pytest.mark.parametrize("content", [b"", b"no DICOM", b"\0" * 128 + b"DICM"])
def test_a_file_whose_series_cannot_be_read_is_a_slide_that_will_fail(tmp_path, content):
    write(tmp_path / "a.dcm", "one")
    (tmp_path / "b.dcm").write_bytes(content)

    assert [slide_id for slide_id, _ in listed(tmp_path)] == ["a", "b"]


@given(data=st.data())
@settings(max_examples=100)
def test_any_damaged_header_is_a_file_of_some_slide(tmp_path_factory, data):
    path = write(tmp_path_factory.mktemp("d") / "a.dcm", "one")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(128, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])

    assert one_per_series([path]) == [(path, "a")]


@pytest.mark.real_data
def test_a_real_slide_of_two_levels_is_one_slide_that_opens(shared_data, tmp_path):
    source = shared_data / "slides" / "camelyon_jpeg.dcm"
    shutil.copy(source, tmp_path / "z_finest.dcm")
    coarse = pydicom.dcmread(source)
    coarse.SOPInstanceUID = coarse.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    frames = list(pydicom.encaps.generate_frames(coarse.PixelData, number_of_frames=15))
    coarse.PixelData = pydicom.encaps.encapsulate(frames[:1])
    coarse.NumberOfFrames, coarse.TotalPixelMatrixColumns, coarse.TotalPixelMatrixRows = 1, 256, 155
    coarse.save_as(tmp_path / "a_coarse.dcm")

    (entry,) = read_cohort(tmp_path)

    assert (entry.path.name, entry.slide_id) == ("z_finest.dcm", tmp_path.name)
    assert OpenSlideSlide.of(entry).pyramid.sizes[0] == (1152, 700)
