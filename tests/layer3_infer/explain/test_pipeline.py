from __future__ import annotations

import shutil

import numpy as np
import pytest
from colour_model import GREEN, green_stain, write_colour_bundle
from patch_files import write_patch_file
from stained_tissue import tissue

from common.cohort import read_cohort
from common.errors import ConfigError
from common.outcomes import exit_status, read_outcomes
from common.patch_file.reader import PatchFile
from layer3_infer.config import ExplainSettings
from layer3_infer.explain.analysed_patches import analysed_slides
from layer3_infer.explain.explanation_file import read_explanations
from layer3_infer.explain.pipeline import (
    check_choice,
    explain_slides,
    explain_sources,
    foresee,
)
from layer3_infer.explain.stored_patches import sources_of, wanted_files

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


def at_of(out, slide="green", method="grad_cam"):
    return [(e.x, e.y) for e in read_explanations(out / f"{slide}.{method}.h5").explanations]


def test_several_methods_explain_the_same_patches_side_by_side(bundle, patch_folder, tmp_path):
    settings = ExplainSettings(
        methods=("grad_cam", "grad_cam_pp", "lime"),
        top=2,
        lime={"samples": 60, "superpixels": 16, "repeats": 2},
    )

    outcomes = explain_slides(bundle, wanted_files(patch_folder, ["green"]), tmp_path, settings)

    assert outcomes[0].counts == {"explained": 2}
    assert (
        at_of(tmp_path) == at_of(tmp_path, method="grad_cam_pp") == at_of(tmp_path, method="lime")
    )
    measures = read_explanations(tmp_path / "green.lime.h5").explanations[0].measures
    assert set(measures) == {"r2", "rank_correlation", "overlap_of_strongest"}
    for name in ("grad_cam", "grad_cam_pp", "lime", "methods"):
        assert (tmp_path / f"green.{name}.png").exists()


def test_one_broken_method_is_made_anew_and_the_finished_ones_kept(bundle, patch_folder, tmp_path):
    settings = ExplainSettings(methods=("grad_cam", "grad_cam_pp"), top=2)
    files = wanted_files(patch_folder, ["green"])
    explain_slides(bundle, files, tmp_path, settings)
    kept, broken = (tmp_path / f"green.{name}.h5" for name in settings.methods)
    before, whole = kept.stat().st_mtime_ns, broken.read_bytes()
    broken.write_bytes(b"half")
    (tmp_path / "green.methods.png").write_bytes(b"of another run")

    explain_slides(bundle, files, tmp_path, settings)

    assert kept.stat().st_mtime_ns == before
    assert len(broken.read_bytes()) == len(whole)
    assert (tmp_path / "green.methods.png").read_bytes() != b"of another run"


def test_the_least_sure_patches_are_those_closest_to_the_threshold(bundle, patch_folder, tmp_path):
    files = wanted_files(patch_folder, ["green"])
    explain_slides(bundle, files, tmp_path / "all", ExplainSettings(top=4))
    scores = {
        (e.x, e.y): e.probability
        for e in read_explanations(tmp_path / "all" / "green.grad_cam.h5").explanations
    }
    threshold = bundle.manifest.threshold

    explain_slides(bundle, files, tmp_path / "out", ExplainSettings(top=3, choose="uncertain"))

    wanted = sorted(scores.values(), key=lambda score: abs(score - threshold))[:3]
    assert [scores[place] for place in at_of(tmp_path / "out")] == wanted
    assert read_explanations(tmp_path / "out" / "green.grad_cam.h5").header.choice == "uncertain"


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ({"at": ((480, 192), (330, 360))}, [(480, 192), (320, 352)]),
        ({"rows": (3, 0)}, [(320, 352), (320, 192)]),
    ],
)
def test_named_patches_are_explained_in_the_order_named(
    bundle, patch_folder, tmp_path, named, found
):
    explain_slides(
        bundle, wanted_files(patch_folder, ["green"]), tmp_path, ExplainSettings(**named)
    )

    assert at_of(tmp_path) == found
    assert read_explanations(tmp_path / "green.grad_cam.h5").header.choice == "named"


def test_a_patch_that_is_not_there_fails_its_slide(bundle, patch_folder, tmp_path):
    files = wanted_files(patch_folder, ["green"])

    (outcome,) = explain_slides(bundle, files, tmp_path, ExplainSettings(at=((0, 0),)))

    assert (outcome.status, outcome.exit_status) == ("failed", 2)
    assert "--at: expected a place in a patch, found 0,0. The nearest" in outcome.reason


def test_patches_without_a_place_are_named_by_number(bundle, tmp_path):
    write_patch_file(tmp_path / "p", "s", size=32, mpp=0.5, placed=False)
    files = wanted_files(tmp_path / "p")

    (outcome,) = explain_slides(bundle, files, tmp_path / "a", ExplainSettings(at=((0, 0),)))
    assert "expected patches with a place, found none of s. Take --row" in outcome.reason

    (outcome,) = explain_slides(bundle, files, tmp_path / "b", ExplainSettings(rows=(2,)))
    assert outcome.counts == {"explained": 1}


def test_named_patches_are_of_one_slide():
    check_choice(ExplainSettings(rows=(1,)), 1)
    check_choice(ExplainSettings(), 2)
    with pytest.raises(ConfigError, match="expected patches of one slide, found 2 slides"):
        check_choice(ExplainSettings(rows=(1,)), 2)


def test_a_dry_run_names_the_patches_and_writes_nothing(bundle, patch_folder, tmp_path):
    sources = sources_of(wanted_files(patch_folder), bundle.manifest)
    explain_sources(bundle, sources, tmp_path, TOP)

    green, pink = foresee(bundle, sources, TOP)

    assert green.counts == pink.counts == {"to_explain": 3}
    places = [note.split(" at ")[1].split(" (")[0] for note in green.notes]
    assert places == [f"x {x}, y {y}" for x, y in at_of(tmp_path)]
    assert green.notes[0].startswith(("P(tumour) 0.99", "P(tumour) >0.999"))


def test_a_heatmap_and_its_slide_give_what_patch_files_give(
    bundle, cohort_csv, finished, patch_folder, tmp_path
):
    sources = analysed_slides(read_cohort(cohort_csv), finished, bundle)

    outcomes = explain_sources(bundle, sources, tmp_path / "slides", TOP)

    assert {o.slide_id: o.status for o in outcomes} == {
        "glass": "empty", "green": "done", "pink": "done"
    }  # fmt: skip
    explain_slides(bundle, wanted_files(patch_folder), tmp_path / "files", TOP)
    mine, other = (
        read_explanations(tmp_path / name / "green.grad_cam.h5") for name in ("slides", "files")
    )
    assert (mine.explanations[0].x, mine.explanations[0].y) == (320, 192)
    for one, same in zip(mine.explanations[:2], other.explanations[:2], strict=True):
        assert np.array_equal(one.patch, same.patch)
        assert np.array_equal(one.raw, same.raw)
        assert one.probability == pytest.approx(same.probability, abs=1e-6)


def test_a_folder_of_other_methods_is_refused(bundle, patch_folder, tmp_path):
    files = wanted_files(patch_folder)
    explain_slides(bundle, files, tmp_path, TOP)

    with pytest.raises(ConfigError, match="methods: .*grad_cam.* there, .*lime.* here"):
        explain_slides(bundle, files, tmp_path, ExplainSettings(top=3, methods=("lime",)))
