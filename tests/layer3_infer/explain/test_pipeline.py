from __future__ import annotations

import shutil

import numpy as np
import pytest
from colour_model import GREEN, green_stain, write_colour_bundle
from patch_files import write_patch_file
from stained_tissue import tissue

from common.errors import ConfigError
from common.outcomes import exit_status, read_outcomes
from common.patch_file.reader import PatchFile
from layer3_infer.config import ExplainSettings
from layer3_infer.explain.explanation_file import read_explanations
from layer3_infer.explain.pipeline import explain_slides
from layer3_infer.explain.stored_patches import wanted_files

TOP = ExplainSettings(top=3)


def test_the_most_suspect_patches_of_each_slide_are_explained(bundle, patch_folder, tmp_path):
    outcomes = explain_slides(bundle, wanted_files(patch_folder), tmp_path, TOP)

    found = read_explanations(tmp_path / "green.grad_cam.h5")
    assert [outcome.status for outcome in outcomes] == ["done", "done"]
    assert [(e.x, e.y) for e in found.explanations][:2] == [(320, 192), (352, 192)]
    assert [e.label for e in found.explanations][:2] == [1, 1]
    assert found.explanations[0].probability > 0.9
    assert (found.explanations[0].patch == GREEN).all()
    assert (found.explanations[0].attribution == 1).all()
    assert (tmp_path / "green.grad_cam.png").exists()
    assert read_outcomes(tmp_path) == outcomes


def test_slides_can_be_named(bundle, patch_folder, tmp_path):
    explain_slides(bundle, wanted_files(patch_folder, ["pink"]), tmp_path, TOP)

    assert not (tmp_path / "green.grad_cam.h5").exists()
    with pytest.raises(ConfigError, match="found grey. There are: green, pink"):
        explain_slides(bundle, wanted_files(patch_folder, ["grey"]), tmp_path, TOP)


def test_what_is_finished_is_kept_and_what_is_broken_made_anew(bundle, patch_folder, tmp_path):
    explain_slides(bundle, wanted_files(patch_folder), tmp_path, TOP)
    green, pink = (tmp_path / f"{slide}.grad_cam.h5" for slide in ("green", "pink"))
    before = green.stat().st_mtime_ns
    whole = read_explanations(pink)
    pink.write_bytes(pink.read_bytes()[:300])

    explain_slides(bundle, wanted_files(patch_folder), tmp_path, TOP)

    assert green.stat().st_mtime_ns == before
    again = read_explanations(pink)
    assert np.array_equal(
        [e.attribution for e in again.explanations], [e.attribution for e in whole.explanations]
    )


def test_patches_of_another_scale_fail_their_slide(patch_folder, tmp_path):
    other = write_colour_bundle(tmp_path / "bundle", size=32, mpp=1.0)

    outcomes = explain_slides(other, wanted_files(patch_folder), tmp_path / "out", TOP)

    assert exit_status(outcomes) == 4
    assert "expected what the model takes, 32 px at 1 um/px" in outcomes[0].reason


def test_a_folder_of_another_model_is_refused(bundle, patch_folder, tmp_path):
    explain_slides(bundle, wanted_files(patch_folder), tmp_path / "out", TOP)
    write = write_colour_bundle(tmp_path / "bundle", size=64)

    with pytest.raises(ConfigError, match="model_sha256"):
        explain_slides(write, wanted_files(patch_folder), tmp_path / "out", TOP)


def test_scores_do_not_depend_on_how_a_slide_is_read(bundle, patch_folder, tmp_path):
    explain_slides(
        bundle, wanted_files(patch_folder), tmp_path, ExplainSettings(top=4, batch_size=3)
    )

    found = read_explanations(tmp_path / "green.grad_cam.h5").explanations

    assert len(found) == len(PatchFile(patch_folder / "green.h5"))
    assert [e.probability for e in found] == sorted((e.probability for e in found), reverse=True)


def test_fresh_explanations_never_stand_beside_an_old_sheet(bundle, patch_folder, tmp_path):
    explain_slides(bundle, wanted_files(patch_folder), tmp_path, TOP)
    sheet = tmp_path / "green.grad_cam.png"
    whole = sheet.read_bytes()
    sheet.write_bytes(b"of another model")
    (tmp_path / "green.grad_cam.h5").write_bytes(b"half")

    explain_slides(bundle, wanted_files(patch_folder), tmp_path, TOP)

    assert sheet.read_bytes() == whole


def test_one_damaged_patch_file_fails_its_slide_and_no_other(bundle, patch_folder, tmp_path):
    folder = shutil.copytree(patch_folder, tmp_path / "patches")
    (folder / "green.h5").write_bytes(b"half")

    outcomes = explain_slides(bundle, wanted_files(folder), tmp_path / "out", TOP)

    assert {o.slide_id: o.status for o in outcomes} == {"green": "failed", "pink": "done"}
    assert exit_status(outcomes) == 4
    assert "green.h5" in outcomes[0].reason


def test_the_file_says_of_how_many_patches_these_are_the_most_suspect(
    bundle, patch_folder, tmp_path
):
    explain_slides(bundle, wanted_files(patch_folder), tmp_path, TOP)

    assert read_explanations(tmp_path / "green.grad_cam.h5").header.candidates == 4


def test_what_is_explained_has_the_colours_the_network_saw(tmp_path, caplog):
    stained = tissue(count=4, size=32)
    write_patch_file(tmp_path / "p", "twice", patches=stained, size=32, mpp=0.5)
    write_patch_file(tmp_path / "p", "once", patches=np.full_like(stained, 90), size=32, mpp=0.5)
    bundle = write_colour_bundle(tmp_path / "bundle", 32, 0.5, preprocessing=green_stain())

    explain_slides(bundle, wanted_files(tmp_path / "p"), tmp_path / "out", TOP)

    found = read_explanations(tmp_path / "out" / "twice.grad_cam.h5").explanations
    left = read_explanations(tmp_path / "out" / "once.grad_cam.h5").explanations
    wanted = bundle.manifest.preprocessing.fit(stained)(stained)
    assert any(np.array_equal(found[0].patch, patch) for patch in wanted)
    assert found[0].probability > 0.5
    assert (left[0].patch == 90).all()
    assert "once: colours are left as scanned: its tissue has one stain" in caplog.text
