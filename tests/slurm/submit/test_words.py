"""Further words that submit.sh hands to the commands of the layers."""

from __future__ import annotations

import pytest
from fake_programs import recorded

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
    assert extract.endswith("--blocks 1 --workers 2 --scratch '$SLURM_TMPDIR/mine' '--masks=*'")
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

    check, plan, heatmaps = recorded(login.asked)
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
    ],
)
def test_words_that_undo_what_is_planned_are_refused(login, option, words, found):
    done, calls = login.submit(option, words)

    assert (done.returncode, calls) == (2, [])
    assert f"{option}: expected options" in done.stderr
    assert f"found {found}\n" in done.stderr
