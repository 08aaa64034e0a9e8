from __future__ import annotations

import os

import pytest

from common.cohort import SlideEntry
from common.cohort.folder import read_folder, read_slide
from common.errors import ConfigError


def lay(root, *names, stages=""):
    """Make empty files below `root`, and a table of stages."""
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    if stages:
        (root / "stages.csv").write_text(f"patient,stage\n{stages}\n")
    return root


def by_id(entries):
    return {entry.slide_id: entry for entry in entries}


def test_a_flat_folder(tmp_path):
    lay(tmp_path, "a.svs", "a.geojson", "b.tif", "annotations/b.xml", "c.mrxs", "c/Data0000.dat")
    lay(tmp_path, "notes.txt", ".d.tif", ".e.tif.00ff.partial", "masks/b.tif", ".cache/f.tif")
    lay(tmp_path, "c/preview.tif", "patient_003_node_4.tif")

    assert read_folder(tmp_path) == [
        SlideEntry("a", tmp_path / "a.svs", annotation=tmp_path / "a.geojson"),
        SlideEntry("b", tmp_path / "b.tif", annotation=tmp_path / "annotations" / "b.xml"),
        SlideEntry("c", tmp_path / "c.mrxs"),
        SlideEntry(
            "patient_003_node_4",
            tmp_path / "patient_003_node_4.tif",
            patient="patient_003",
            node="4",
        ),
    ]


@pytest.mark.parametrize("top", ["", "training/"])
def test_camelyon16(tmp_path, top):
    lay(tmp_path, f"{top}normal/normal_001.tif", f"{top}tumor/tumor_001.tif")
    drawn = lay(tmp_path, f"{top}lesion_annotations/tumor_001.xml") / top / "lesion_annotations"
    lay(tmp_path, "testing/images/test_001.tif", "testing/lesion_annotations/test_001.xml")
    lay(tmp_path, "testing/masks/test_001.tif", f"{top}tumor/tumor_001_mask.tif")

    slides = by_id(read_folder(tmp_path))

    labels = {slide_id: entry.slide_label for slide_id, entry in slides.items()}
    assert labels == {"normal_001": "negative", "tumor_001": "positive", "test_001": ""}
    assert slides["normal_001"].annotation is None
    assert slides["tumor_001"].annotation == drawn / "tumor_001.xml"
    assert slides["test_001"].annotation.name == "test_001.xml"
    assert {entry.patient + entry.centre for entry in slides.values()} == {""}


def test_camelyon17_by_centre(tmp_path):
    lay(tmp_path, "training/centre_1/patient_020_node_4.tif", "training/centre_4/x.tif")
    lay(tmp_path, "training/lesion_annotations/patient_020_node_4.xml")

    entry, other = read_folder(tmp_path)

    assert (entry.patient, entry.node, entry.centre) == ("patient_020", "4", "1")
    assert entry.annotation is not None
    assert (other.patient, other.node, other.centre) == ("", "", "4")


def test_camelyon17_by_kind_of_file(tmp_path):
    lay(tmp_path, "images/patient_199_node_1.tif", "images/patient_041_node_0.tif")
    lay(tmp_path, "annotations/patient_041_node_0.xml", "masks/patient_041_node_0.tif")
    lay(tmp_path, stages="patient_041.zip,pN1\npatient_041_node_0.tif,micro\ngone.tif,macro")

    slides = by_id(read_folder(tmp_path))

    assert {name: entry.centre for name, entry in slides.items()} == {
        "patient_041_node_0": "2",
        "patient_199_node_1": "4",
    }
    assert slides["patient_041_node_0"].slide_label == "micro"
    assert slides["patient_041_node_0"].annotation is not None
    assert slides["patient_199_node_1"].slide_label == ""


@pytest.mark.parametrize("part", ["images", "centre_2"])
def test_a_part_of_a_layout_is_read_with_what_lies_beside_it(tmp_path, part):
    lay(tmp_path, f"{part}/patient_041_node_0.tif", "annotations/patient_041_node_0.xml")
    lay(tmp_path, stages="patient_041_node_0.tif,macro")

    (whole,) = read_folder(tmp_path)

    assert whole.slide_label == "macro"
    assert whole.centre == "2"
    assert whole.annotation is not None
    assert read_folder(tmp_path / part) == [whole]
    assert read_slide(whole.path) == [whole]


def test_masks_are_annotations_of_slides_that_have_no_other(tmp_path):
    lay(tmp_path, "images/tumor_001.tif", "images/tumor_002.tif", "images/test_001.tif")
    lay(tmp_path, "images/test_002.tif", "images/normal_001.tif", "annotations/tumor_001.xml")
    lay(tmp_path, "masks/tumor_001_mask.tif", "masks/tumor_002_mask.tif", "masks/test_001.tif")
    lay(tmp_path, "masks/normal_001_mask.tif", "masks/test_002_evaluation_mask.tif")
    lay(tmp_path, "background_tissue/tumor_001_tissue.tif")

    found = {name: entry.annotation for name, entry in by_id(read_folder(tmp_path)).items()}

    assert found == {
        "tumor_001": tmp_path / "annotations" / "tumor_001.xml",
        "tumor_002": tmp_path / "masks" / "tumor_002_mask.tif",
        "test_001": tmp_path / "masks" / "test_001.tif",
        "test_002": None,
        "normal_001": None,
    }


def test_a_mask_may_lie_beside_its_slide(tmp_path):
    lay(tmp_path, "Tumor_001.tif", "Tumor_001_Mask.tif")

    (entry,) = read_folder(tmp_path)

    assert entry.annotation == tmp_path / "Tumor_001_Mask.tif"


def test_two_masks_of_one_slide_are_refused(tmp_path):
    lay(tmp_path, "a.tif", "a_mask.tif", "masks/a_mask.tif")

    with pytest.raises(ConfigError, match=r"a.tif: annotation: expected one, found .*Remove one"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    "name", ["two words", 'it\'s "quoted"', "Lymphknoten Ä", "リンパ節", "a,b;c", "$(echo)", "-x"]
)
def test_folders_and_slides_may_have_any_printable_name(tmp_path, name):
    lay(tmp_path, f"{name}/{name}.tif", f"{name}/{name}.xml")

    (entry,) = read_folder(tmp_path)

    assert entry.slide_id == name
    assert entry.path.is_file()
    assert entry.annotation is not None


def test_a_mirax_slide_is_one_slide_whatever_its_data_folder_holds(tmp_path):
    lay(tmp_path, "case 1/a.mrxs", "case 1/a/Slidedat.ini", "case 1/a/Data0001.dat")
    lay(tmp_path, "case 1/a/layer.tif", "case 1/a/deep/er.tif")

    assert read_folder(tmp_path) == [SlideEntry("a", tmp_path / "case 1" / "a.mrxs")]


def test_a_linked_folder_that_is_not_there_is_not_passed_over(tmp_path):
    lay(tmp_path, "centre_0/a.tif")
    (tmp_path / "centre_1").symlink_to(tmp_path / "unbound")

    with pytest.raises(ConfigError, match=r"centre_1: expected a link .* found nothing at .*unbo"):
        read_folder(tmp_path)


def test_a_neighbour_of_one_slide_is_not_read(tmp_path):
    lay(tmp_path, "a.tif", "b.tif")

    assert read_slide(tmp_path / "a.tif") == [SlideEntry("a", tmp_path / "a.tif")]


def test_a_link_to_nowhere_is_a_slide_that_will_fail(tmp_path):
    (tmp_path / "a.tif").symlink_to(tmp_path / "unbound" / "a.tif")

    assert read_folder(tmp_path) == [SlideEntry("a", tmp_path / "a.tif")]


def test_linked_folders_are_followed_once(tmp_path):
    lay(tmp_path, "elsewhere/a.tif", "cohort/b.tif")
    (tmp_path / "cohort" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "round").symlink_to(tmp_path / "cohort")

    assert sorted(by_id(read_folder(tmp_path / "cohort"))) == ["a", "b"]


@pytest.mark.parametrize("names", [(), ("notes.txt", "masks/a.tif")])
def test_a_folder_without_slides_is_refused_with_what_is_looked_for(tmp_path, names):
    lay(tmp_path, *names)

    with pytest.raises(ConfigError, match=r"expected slides \(.*\.svs.*found none.*container, lin"):
        read_folder(tmp_path)


def test_two_annotations_of_one_slide_are_refused(tmp_path):
    lay(tmp_path, "a.tif", "a.xml", "annotations/a.geojson")

    with pytest.raises(ConfigError, match=r"a.tif: annotation: .*a.xml and .*a.geojson. Remove"):
        read_folder(tmp_path)


def test_a_name_that_cannot_be_a_slide_id_is_refused(tmp_path):
    for name in ("a\tb.tif", "a\nb.tif", " a.tif", os.fsdecode(b"a\xff.tif")):
        folder = tmp_path / str(len(name.encode("utf-8", "surrogateescape")))
        lay(folder, name)

        with pytest.raises(ConfigError, match=r"slide_id: expected text on one line.*Rename it"):
            read_folder(folder)


def test_an_unreadable_folder_is_refused_and_not_passed_over(tmp_path, monkeypatch):
    lay(tmp_path, "a.tif", "closed/b.tif")
    scandir = os.scandir

    def closed(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)

    with pytest.raises(ConfigError, match=r"closed: expected a readable folder, found Permission"):
        read_folder(tmp_path)
