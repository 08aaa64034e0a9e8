from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeSlide, painted
from small_cohort import write_patch_file

from common.config import load
from common.errors import ConfigError, ContractError
from common.geometry import Pyramid
from common.patch_file.reader import PatchFile
from common.patches import PatchSpec
from layer3_infer.config import HeatmapSettings
from layer3_infer.locations import find_by_slide, in_patch_files, on_tissue, refuse_gaps

PINK = (225, 130, 180)
SPEC = PatchSpec(32, 0.5)
TISSUE = (256, 128, 640, 512)
SLIDE = FakeSlide(Pyramid(((1024, 768),), 0.5), painted({TISSUE: PINK}))


def test_patches_with_enough_tissue_are_analysed_and_no_others():
    found = on_tissue(SLIDE, SPEC, HeatmapSettings())

    left, top, right, bottom = TISSUE
    x, y = np.meshgrid(range(left, right, 32), range(top, bottom, 32))
    assert found.xy.tolist() == np.stack([x.ravel(), y.ravel()], axis=1).tolist()
    assert found.reason == ""


def test_patches_under_a_pen_are_not_analysed():
    stroke = (384, 64, 448, 704)
    marked = FakeSlide(SLIDE.pyramid, painted({TISSUE: PINK, stroke: (40, 60, 170)}))

    settings = load(HeatmapSettings, None, ["tissue.min_area_um2=1000"])

    found = on_tissue(marked, SPEC, settings)

    every = on_tissue(SLIDE, SPEC, settings).xy
    clear = every[(every[:, 0] < 384 - 48) | (every[:, 0] >= 448 + 32)]
    assert {tuple(xy) for xy in clear} <= {tuple(xy) for xy in found.xy}
    assert not ((found.xy[:, 0] > 384 - 32) & (found.xy[:, 0] < 448)).any()


def test_a_mask_with_nothing_odd_is_not_suspect():
    found = on_tissue(SLIDE, SPEC, HeatmapSettings())

    assert (found.suspect, found.notes) == ("", ())


@pytest.mark.parametrize(
    ("squares", "odd"),
    [
        ({}, "no tissue found"),
        ({TISSUE: PINK, (256, 128, 448, 512): (40, 60, 170)}, "is under a pen"),
        ({(0, 0, 1024, 768): PINK}, "has one shade: is its glass tinted"),
    ],
    ids=["glass", "pen", "tinted"],
)
def test_a_mask_that_a_person_should_look_at_is_suspect(squares, odd):
    slide = FakeSlide(SLIDE.pyramid, painted(squares))

    assert odd in on_tissue(slide, SPEC, HeatmapSettings()).suspect


def test_what_of_the_overview_does_not_decode_is_told():
    (note,) = on_tissue(replace(SLIDE, overview_lost=0.031), SPEC, HeatmapSettings()).notes

    assert note == "3.1 % of the overview does not decode: taken for glass, not analysed"


def test_the_stride_is_in_pixels_of_the_patch():
    coarse = FakeSlide(Pyramid(((1024, 768),), 0.25), painted({TISSUE: PINK}))

    assert on_tissue(coarse, SPEC, HeatmapSettings(stride=16)).grid.stride == 32


@pytest.mark.parametrize(
    ("size", "reason"),
    [((1024, 768), "no patch has 25% tissue or more"), ((20, 300), "smaller than a patch")],
)
def test_a_slide_with_nothing_to_analyse_says_why(size, reason):
    found = on_tissue(FakeSlide(Pyramid((size,), 0.5), painted({})), SPEC, HeatmapSettings())

    assert len(found.xy) == 0
    assert reason in found.reason


def test_layer_1s_patches_are_taken_with_those_rejected_for_their_label(tmp_path):
    path = write_patch_file(tmp_path, SLIDE)

    found = in_patch_files([PatchFile(path)], SLIDE, SPEC)

    assert found.xy.tolist() == [[320, 192], [352, 192], [448, 192], [480, 192], [320, 352]]
    assert (found.grid.origin, found.grid.stride, found.grid.edge) == ((0, 0), 32, 32)
    assert (found.grid.rows, found.grid.columns) == (24, 32)


def test_the_parts_of_a_slide_are_taken_together(tmp_path):
    for part in range(2):
        write_patch_file(tmp_path, SLIDE, part=part, parts=2)

    files = find_by_slide(tmp_path)

    assert len(files["fake"]) == 2
    assert len(in_patch_files(files["fake"], SLIDE, SPEC).xy) == 5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"slide_fingerprint": "e" * 64}, "slide_fingerprint: expected f+, found e+ of another"),
        ({"patch_mpp": 0.25}, "patch_size, patch_mpp: expected what the model takes, 32 px at 0.5"),
        ({"patch_size_level0": 64}, "patch_size, patch_mpp"),
        ({"sampling": {"method": "random", "seed": 0}}, "sampling.method: expected dense"),
        ({"sampling": {"method": "dense", "stride": 32}}, "sampling: expected origin"),
        ({"sampling": {"method": "dense", "origin": [5, 0], "stride": 32}}, "corners off it"),
    ],
)
def test_patches_of_another_slide_scale_or_sampling_are_refused(tmp_path, changes, message):
    path = write_patch_file(tmp_path, SLIDE, **changes)

    with pytest.raises(ContractError, match=message):
        in_patch_files([PatchFile(path)], SLIDE, SPEC)


def test_parts_on_two_grids_are_refused(tmp_path):
    write_patch_file(tmp_path, SLIDE, part=0, parts=2)
    half = {"method": "dense", "origin": [0, 0], "stride": 16}
    write_patch_file(tmp_path, SLIDE, part=1, parts=2, sampling=half)

    with pytest.raises(ContractError, match="sampling: expected one grid"):
        in_patch_files(find_by_slide(tmp_path)["fake"], SLIDE, SPEC)


def test_a_slide_that_lacks_a_part_fails_and_the_others_go_on(tmp_path):
    write_patch_file(tmp_path, SLIDE, part=1, parts=3)
    (tmp_path / "whole.h5").write_bytes(b"half")
    (tmp_path / "whole.part-0-of-1.h5").write_bytes(b"half")

    found = find_by_slide(tmp_path)

    assert set(found) == {"fake", "whole"}
    with pytest.raises(ContractError, match="fake: expected 3 parts, found no part 0, 2"):
        in_patch_files(found["fake"], SLIDE, SPEC)
    with pytest.raises(ContractError, match="whole: expected one set of parts, or one whole"):
        refuse_gaps(found["whole"])


def test_a_folder_without_patch_files_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="expected patch files"):
        find_by_slide(tmp_path)


def test_a_damaged_file_belongs_to_the_slide_it_is_named_after(tmp_path):
    write_patch_file(tmp_path, SLIDE)
    (tmp_path / "a.h5").write_bytes(b"half")
    for part in range(2):
        (tmp_path / f"b.part-{part}-of-2.h5").write_bytes(b"half")

    found = find_by_slide(tmp_path)

    assert {slide: len(files) for slide, files in found.items()} == {"a": 1, "b": 2, "fake": 1}
    with pytest.raises(ContractError, match=r"a\.h5"):
        in_patch_files(found["a"], SLIDE, SPEC)
