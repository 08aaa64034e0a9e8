"""Further words that submit.sh hands to the commands of the layers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fake_programs import fake, recorded

SCRATCH = "--scratch $SLURM_TMPDIR/mine"


def test_words_reach_the_command_of_their_stage_as_they_were_given(login):
    (login.folder / "s1.geojson").touch()

    done, calls = login.submit(
        *("--extract-words", f"--workers 2\n{SCRATCH} --masks=*", "--train-words", SCRATCH),
        *("--heatmap-words", "--mpp 0.5 "),
        SLURM_TMPDIR="/of/the/login/node",
    )

    assert done.returncode == 0, done.stderr
    extract, merge, train, heatmap, report = calls
    assert extract.endswith(
        "--blocks 1 --workers 2 --scratch '$SLURM_TMPDIR/mine' '--masks=HERE/*'"
    )
    assert train.endswith("--scratch '$SLURM_TMPDIR/mine'")
    assert heatmap.endswith("--mpp 0.5")
    assert "SLURM_TMPDIR" not in merge + report


def test_what_changes_the_plan_is_planned_with(login):
    masks = login.folder / "masks"
    masks.mkdir()
    words = f"--masks {masks} --scratch yes --set=seed=1 --set"
    login.submit(
        *("--extract-words", f"{words} sampling.per_class=5", "--train-words", f"{words} epochs=2"),
        *("--heatmap-words", "--processes 2 --mpp 0.5"),
    )

    check, plan, heatmaps = (call for call in recorded(login.asked) if "--help" not in call)
    assert plan.endswith(f"--no-look --masks {masks} --set=seed=1 --set sampling.per_class=5")
    assert "--set=seed=1 --set epochs=2 --out" in check
    assert heatmaps.endswith("--mpp 0.5")
    assert not any("yes" in call or "--processes" in call for call in (check, plan, heatmaps))


def test_folders_that_words_name_are_seen_by_images(login):
    login.images()
    (login.folder.parent / "masks").mkdir()
    (login.folder.parent / "masks" / "s1.geojson").touch()

    _, calls = login.submit(
        *("--images", "sif", "--extract-words", "--masks ../masks --workers 2"),
        *("--heatmap-words", f"--patches={login.folder.parent}/masks/s1.geojson"),
    )

    seen = calls[0].split("APPTAINER_BIND=")[1].split("' ")[0].split(",")
    assert seen.count(f"{login.folder.parent}/masks") == 1
    assert not any(folder.endswith("2") for folder in seen)


def test_a_job_in_the_queue_that_was_given_other_words_is_told(login):
    login.submit("--extract-words", "--workers 2")
    login.queue("101 PENDING\n")

    same, _ = login.submit("--extract-words", " --workers  2")
    done, calls = login.submit("--extract-words", "--workers 3")

    assert "extract: in the queue, job 101" in same.stdout
    assert (done.returncode, calls) == (2, [])
    assert "job 101 in the queue was given" in done.stderr


@pytest.mark.parametrize(
    ("option", "words", "found"),
    [
        ("--extract-words", "--workers 2 --out elsewhere", "--out"),
        ("--extract-words", "masks", "masks"),
        ("--train-words", "--patches=more", "--patches=more"),
        ("--heatmap-words", "--held-out", "--held-out"),
        ("--heatmap-words", "--overwrite", "--overwrite"),
        ("--heatmap-words", "--workers 2 extra", "extra"),
        ("--heatmap-words", "--workers=2 extra", "extra"),
        ("--extract-words", "--workers 2 -- more", "--"),
        ("--train-words", "--help", "--help"),
        ("--train-words", "--version", "--version"),
    ],
)
def test_words_that_undo_what_is_planned_are_refused(login, option, words, found):
    done, calls = login.submit(option, words)

    assert (done.returncode, calls) == (2, [])
    assert f"{option}: expected options" in done.stderr
    assert f"found {found}\n" in done.stderr


def test_what_words_name_of_this_folder_is_told_from_the_root(login):
    """Wherever the same line is given again."""
    (login.folder / "sub" / "masks").mkdir(parents=True)
    (login.folder / "weights.h5").touch()
    (login.folder / "2").touch()
    (login.folder / "dense").touch()
    words = "--masks sub/../sub/masks --workers 2 --set sampling.method=dense --scratch $HERE/x"

    done, calls = login.submit(
        *("--extract-words", words, "--train-words", "--set=network.weights=./weights.h5"),
        *("--heatmap-words", "--set=a=sub/masks --patches=out/layer1 --scratch /node"),
    )

    assert done.returncode == 0, done.stderr
    extract, _, train, heatmap, _ = calls
    settings = "--workers 2 --set sampling.method=dense --scratch '$HERE/x'"
    assert extract.endswith(f"--masks HERE/sub/masks {settings}")
    assert train.endswith("--set=network.weights=HERE/weights.h5")
    assert heatmap.endswith("--set=a=HERE/sub/masks --patches=HERE/out/layer1 --scratch /node")


def test_files_of_settings_are_seen_by_images(login):
    login.images()
    (login.folder / "sub").mkdir()
    (login.folder / "sub" / "weights.h5").touch()

    _, calls = login.submit("--images", "sif", "--train-words", "--set a=sub/weights.h5")

    assert "HERE/sub" in calls[0].split("APPTAINER_BIND=")[1].split("' ")[0].split(",")


def test_words_that_the_command_does_not_know_are_found_before_anything_is_submitted(login):
    """By the real command, which looks at nothing else."""
    real = Path(sys.executable).with_name("layer3-infer")
    fake(login.folder / "bin", "layer3-infer", f'exec {real} "$@"')

    done, calls = login.submit("--heatmap-words", "--scratch $NODE --wrokers 2")

    assert (done.returncode, calls) == (2, [])
    assert "No such option '--wrokers'" in done.stderr
    assert "--heatmap-words: expected options of layer3-infer heatmap, as it says" in done.stderr
