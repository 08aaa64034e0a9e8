from __future__ import annotations

import shutil

import pytest
from tiff_slides import tissue_on_glass, write_slide

from common.cohort import SlideEntry
from common.config import load
from common.errors import ConfigError
from common.outcomes import read_outcome
from common.units import units_of
from layer1_extract import pipeline
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import patch_path
from layer1_extract.given_masks import check_masks
from layer1_extract.joining import join_slide
from layer1_extract.resume import Run

SMALL = ["patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16"]
DENSE = load(ExtractSettings, None, [*SMALL, "sampling.method=dense"])
CORRECTED = """{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon",
"coordinates": [[[320, 192], [448, 192], [448, 384], [320, 384], [320, 192]]]}}"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two slides and the folder of their patches."""
    folder = tmp_path_factory.mktemp("made")
    paths = [write_slide(folder / f"{name}.tif", tissue_on_glass()) for name in "ab"]
    cohort = [SlideEntry(path.stem, path, slide_label="negative") for path in paths]
    pipeline.extract(units_of(cohort), Run(folder / "out", DENSE))
    return cohort, folder / "out"


@pytest.fixture
def cohort(made):
    return made[0]


@pytest.fixture
def out(made, tmp_path):
    shutil.copytree(made[1], tmp_path / "out")
    return tmp_path / "out"


def extract(cohort, out, masks=None, *, blocks=1, **options):
    return pipeline.extract(units_of(cohort, blocks), Run(out, DENSE, masks), **options)


def correct(out):
    (out / "masks" / "a.geojson").write_text(CORRECTED)


def test_only_the_slide_whose_mask_was_corrected_is_done_anew(cohort, out):
    before = read_outcome(out, "a")
    correct(out)

    outcomes, kept = extract(cohort, out, out / "masks")
    assert kept == 1
    assert before is not None
    assert 0 < outcomes[0].counts["kept"] < before.counts["kept"]
    assert (out / "masks" / "a.geojson").read_text() == CORRECTED

    assert extract(cohort, out, out / "masks")[1] == 2


def test_a_mask_corrected_in_place_and_not_given_is_not_used_and_that_is_said(cohort, out, caplog):
    assert extract(cohort, out)[1] == 2
    assert "was changed since" not in caplog.text
    correct(out)

    assert extract(cohort, out)[1] == 2
    masks = out / "masks"
    assert f"{masks / 'a.geojson'} was changed since: give --masks {masks} to use it" in caplog.text
    assert caplog.text.count("was changed since") == 1


def test_a_mask_corrected_in_place_and_given_is_used_without_a_word(cohort, out, caplog):
    correct(out)

    extract(cohort, out, out / "masks")

    assert "was changed since" not in caplog.text


def test_a_mask_that_was_given_may_not_be_forgotten(cohort, out, tmp_path):
    given = tmp_path / "given"
    shutil.copytree(out / "masks", given)
    (given / "a.geojson").write_text(CORRECTED)
    extract(cohort, out, given)
    before = patch_path(out, "a").read_bytes()

    for work in (pipeline.extract, pipeline.would_keep):
        with pytest.raises(ConfigError, match=r"such as a\. Give --masks .*/out/masks"):
            work(units_of(cohort), Run(out, DENSE))
    assert patch_path(out, "a").read_bytes() == before
    assert extract(cohort, out, out / "masks")[1] == 2


def test_a_mask_that_was_given_is_not_forgotten_with_the_patches_that_were_lost(cohort, out):
    correct(out)
    extract(cohort, out, out / "masks")
    patch_path(out, "a").unlink()

    with pytest.raises(ConfigError, match=r"such as a\. Give --masks .*/out/masks"):
        extract(cohort, out)

    assert extract(cohort, out, out / "masks")[1] == 1
    assert (out / "masks" / "a.geojson").read_text() == CORRECTED


def test_finding_tissue_again_needs_to_be_asked_for_and_loses_no_mask(cohort, out):
    correct(out)
    extract(cohort, out, out / "masks")
    (out / "outcomes" / "a.json").unlink()

    _, kept = extract(cohort, out)

    assert kept == 1
    assert (out / "masks" / "set_aside" / "a.geojson").read_text() == CORRECTED


def test_the_rest_of_a_slide_is_not_done_with_another_mask_than_its_other_parts(
    cohort, tmp_path, out
):
    correct(out)
    cut, units = tmp_path / "cut", units_of(cohort[:1], 2)
    pipeline.extract(units[:1], Run(cut, DENSE, out / "masks"))

    with pytest.raises(ConfigError, match="such as a"):
        pipeline.extract(units[1:], Run(cut, DENSE))

    pipeline.extract(units[1:], Run(cut, DENSE, cut / "masks"))
    assert join_slide(cut, "a", 2).status == "done"


def test_parts_of_one_mask_are_joined_whether_it_was_found_or_given(cohort, tmp_path):
    units = units_of(cohort[:1], 2)
    pipeline.extract(units[:1], Run(tmp_path, DENSE))
    pipeline.extract(units[1:], Run(tmp_path, DENSE, tmp_path / "masks"))

    assert join_slide(tmp_path, "a", 2).status == "done"


def test_masks_of_no_slide_are_refused_and_those_of_earlier_slides_are_not(cohort, out, tmp_path):
    check_masks(None, cohort)
    check_masks(out / "masks", cohort)
    check_masks(out / "masks", cohort[:1])  # the results that they lie in have the other one
    shutil.copytree(out / "masks", tmp_path / "given")
    check_masks(tmp_path / "given", cohort[:1], out)
    with pytest.raises(ConfigError, match=r"b\.geojson"):
        check_masks(tmp_path / "given", cohort[:1])
    (out / "masks" / "a.tif.geojson").touch()
    with pytest.raises(ConfigError, match=r"a\.tif\.geojson"):
        check_masks(out / "masks", cohort, out)


def test_a_folder_that_has_no_mask_of_any_slide_is_told_of(cohort, out, caplog):
    check_masks(out / "masks", cohort)
    assert caplog.text == ""

    check_masks(out, cohort)

    assert "no slide has a mask there" in caplog.text


def test_a_slide_that_was_not_given_a_mask_is_not_one_that_lost_it(cohort, out, tmp_path):
    (tmp_path / "none").mkdir()

    assert extract(cohort[:1], out, tmp_path / "none")[1] == 1
