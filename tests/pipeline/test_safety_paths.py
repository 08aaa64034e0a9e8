"""Paths as people have them: spaces, quotes, other scripts, dashes, wild cards, great lengths."""

from __future__ import annotations

import shutil

import pytest
from real_command import done, run
from results_folder import assert_sound, traces
from tiff_slides import asap, tissue_on_glass, write_slide

from common.outcomes import read_outcomes

BASE = ("--set", "patch.size=32", "--set", "patch.mpp=0.5", "--set", "sampling.method=dense")
WORDS = (*BASE, "--set", "tissue.min_area_um2=1000", "--set", "tissue.close_um=16")
NAMES = ['it\'s  "quoted" $HOME `x` %s {} [a-z]*?!#&;|<>', "--mé\u0301dula 骨髄 🔬"]
REFUSED = ["two\nlines", "tab\there", "bell\a", "back\\slash", " space", "not text \udce9"]
LONGEST = 255


@pytest.fixture(scope="module")
def slide(tmp_path_factory):
    return write_slide(tmp_path_factory.mktemp("slides") / "s.tif", tissue_on_glass())


@pytest.mark.parametrize("name", NAMES)
def test_any_name_serves_for_slides_annotations_configurations_masks_and_results(
    slide, tmp_path, name
):
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(slide, folder / f"{name}.tif")
    (folder / f"{name}.xml").write_text(asap([[(320, 192), (448, 192), (448, 384)]]))
    (folder / f"{name}.yaml").write_text("sampling: {method: dense, stride: 16}\n")
    out = tmp_path / "out" / name
    words = (*WORDS, "--config", f"{name}.yaml", "--workers", "2", "--blocks", "2")

    done("extract", "--out", out, *words, "--", f"{name}.tif", cwd=folder)
    done("scan", folder, "--out", tmp_path / f"{name}.csv")
    done("extract", tmp_path / f"{name}.csv", "--out", out, *words, cwd=folder)
    assert_sound(out)
    done("merge", "--join", out)
    masked = (*words[:-2], "--masks", out / "masks")
    done("extract", tmp_path / f"{name}.csv", "--out", tmp_path / "masked", *masked, cwd=folder)

    (outcome,) = read_outcomes(tmp_path / "masked")
    assert (outcome.slide_id, outcome.status) == (name, "done")
    assert outcome.counts["tumor"] > 0
    assert outcome.counts == read_outcomes(out)[0].counts
    assert traces(out) == []
    assert_sound(tmp_path / "masked")


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_no_table_can_hold_is_refused_by_name(slide, tmp_path, name):
    shutil.copy(slide, tmp_path / f"{name}.tif")

    result = run("extract", tmp_path, "--out", tmp_path / "out", *WORDS)

    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert name[:3] in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("length", [150, 200, LONGEST - len(".tif")])
@pytest.mark.parametrize("letter", ["a", "é"])
def test_a_very_long_name_is_either_extracted_or_refused_by_name(slide, tmp_path, length, letter):
    name = letter * (length // len(letter.encode()))
    shutil.copy(slide, tmp_path / f"{name}.tif")

    result = run("extract", tmp_path, "--out", tmp_path / "out", "--blocks", "2", *WORDS)

    assert result.returncode in (0, 2), result.stderr
    assert "Traceback" not in result.stderr
    if result.returncode:
        assert name in result.stderr
        assert "name" in result.stderr.replace(name, "")
        assert not (tmp_path / "out").exists()
