from __future__ import annotations

import os
import shutil

import pydicom
import pytest

from common.cohort import SlideEntry
from common.slide_reader import slide_of
from common.staging import FileSet, slide_files


def lay(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_most_slides_are_one_file(tmp_path):
    lay(tmp_path, "a.svs", "b.svs")

    assert slide_files(tmp_path / "a.svs") == FileSet(tmp_path, ("a.svs",))


def test_a_mirax_slide_has_its_folder(tmp_path):
    lay(tmp_path, "a.mrxs", "a/Slidedat.ini", "a/Data0000.dat", "a/more/x", "b/Data0000.dat")

    found = slide_files(tmp_path / "a.mrxs")

    assert found == FileSet(tmp_path, ("a.mrxs", "a/Data0000.dat", "a/Slidedat.ini", "a/more/x"))
    assert found.size == sum(len(name) for name in found.names)


def test_a_mirax_slide_without_its_folder_is_read_in_place(tmp_path):
    lay(tmp_path, "a.mrxs")

    assert "folder a beside it, found none" in slide_files(tmp_path / "a.mrxs")


def test_a_hamamatsu_slide_has_the_files_it_names(tmp_path):
    lay(tmp_path, "a(0,0).jpg", "a(1,0).jpg", "a_map.jpg", "a.opt", "b.jpg")
    (tmp_path / "a.vms").write_text(
        "[Virtual Microscope Specimen]\nNoJpegColumns=2\nImageFile=a(0,0).jpg\n"
        "ImageFile(1,0)=a(1,0).jpg\nMapFile=a_map.jpg\nOptimisationFile=a.opt\nMacroImage=gone.jpg\n"
    )

    found = slide_files(tmp_path / "a.vms")

    assert found == FileSet(tmp_path, ("a.vms", "a(0,0).jpg", "a(1,0).jpg", "a.opt", "a_map.jpg"))


@pytest.mark.parametrize("text", ["no section", "[s]\nImageFile=../a.jpg\n"])
def test_a_hamamatsu_slide_that_is_not_understood_is_read_in_place(tmp_path, text):
    lay(tmp_path, "a.jpg")
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "a.vms").write_text(text)

    assert isinstance(slide_files(tmp_path / "s" / "a.vms"), str)


def test_what_is_no_file_is_read_in_place(tmp_path):
    assert slide_files(tmp_path) == "it is no file"
    assert slide_files(tmp_path / "none.svs") == "it is no file"


def test_the_key_is_of_these_very_files_as_they_are(tmp_path):
    lay(tmp_path, "a.svs", "b.svs")
    (tmp_path / "link.svs").symlink_to("a.svs")
    key = FileSet.of(tmp_path / "a.svs").key

    assert FileSet.of(tmp_path / "a.svs").key == key
    assert FileSet.of(tmp_path / "b.svs").key != key
    os.utime(tmp_path / "a.svs", ns=(0, 0))
    assert FileSet.of(tmp_path / "a.svs").key != key


@pytest.mark.real_data
def test_a_dicom_slide_is_its_series_and_reads_the_same_elsewhere(shared_data, tmp_path):
    source = shared_data / "slides" / "camelyon_jpeg.dcm"
    shutil.copy(source, tmp_path / "z.dcm")
    other = pydicom.dcmread(source)
    other.SeriesInstanceUID = pydicom.uid.generate_uid()
    other.save_as(tmp_path / "other.dcm")
    lay(tmp_path, "broken.dcm", "a.svs")

    found = slide_files(tmp_path / "z.dcm")

    assert found == FileSet(tmp_path, ("z.dcm",))
    shutil.copy(tmp_path / "z.dcm", tmp_path / "y.dcm")
    assert slide_files(tmp_path / "z.dcm") == FileSet(tmp_path, ("z.dcm", "y.dcm"))
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(source, tmp_path / "elsewhere" / "z.dcm")
    (tmp_path / "y.dcm").unlink()
    here, there = (
        slide_of(SlideEntry("z", folder / "z.dcm")).fingerprint
        for folder in (tmp_path, tmp_path / "elsewhere")
    )
    assert here == there
