from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from launching import clean
from patch_files import write_cohort
from project import ROOT

from common.config import load
from common.errors import ConfigError
from layer2_train.config import TrainSettings
from layer2_train.plan import make_plan
from layer2_train.run_directory import finished, taken

SETTINGS = load(TrainSettings, overrides=["split={valid: 0.2, test: 0}"])
OTHER = load(TrainSettings, overrides=["split={valid: 0.2, test: 0}", "epochs=3"])


@pytest.fixture
def plan(tmp_path):
    return make_plan(write_cohort(tmp_path / "cohort"), SETTINGS.split)


@pytest.fixture
def out(tmp_path, plan):
    """A folder with the results of a training."""
    folder = tmp_path / "run"
    with taken(folder, SETTINGS, plan, overwrite=False):
        pass
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "last.h5").write_text("weights")
    (folder / "metrics.json").write_text("{}")
    (folder / "notes.txt").write_text("somebody's own")
    return folder


def held(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def fail(folder, settings, plan, *, overwrite):
    def begin():
        with taken(folder, settings, plan, overwrite=overwrite):
            (folder / "tensorboard").mkdir()
            (folder / "tensorboard" / "events").write_text("begun")
            raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        begin()


def test_overwriting_replaces_the_results_and_nothing_else(out, plan):
    with taken(out, OTHER, plan, overwrite=True):
        pass

    assert set(held(out)) == {"config.resolved.yaml", "splits.csv", "notes.txt"}
    assert "epochs: 3" in (out / "config.resolved.yaml").read_text()


def test_a_mistake_costs_nobody_the_results_that_were_to_be_overwritten(out, plan):
    before = held(out)

    fail(out, OTHER, plan, overwrite=True)

    assert held(out) == before
    assert not list(out.glob(".*"))


def test_results_set_aside_by_a_start_that_was_killed_come_back(out, plan):
    before = held(out)
    dies = (
        "import os, sys; sys.path[:0] = sys.argv[1:3]; import test_run_directory as t; "
        "t.die(*sys.argv[3:])"
    )
    words = [str(Path(__file__).parent), str(ROOT), str(out), str(out.parent / "cohort")]
    killed = subprocess.run([sys.executable, "-c", dies, *words], check=False, env=clean())
    assert killed.returncode == 9
    assert held(out) != before

    with taken(out, SETTINGS, plan, overwrite=False):
        assert held(out) == before


def die(out, cohort):
    """End as a killed process does, with the results of before set aside."""
    with taken(Path(out), OTHER, make_plan(Path(cohort), OTHER.split), overwrite=True):
        os._exit(9)


def test_results_that_are_being_removed_do_not_come_back(out, plan, monkeypatch):
    monkeypatch.setattr(shutil, "rmtree", lambda _: None)  # killed before it removed anything
    with taken(out, OTHER, plan, overwrite=True):
        pass
    monkeypatch.undo()

    with taken(out, OTHER, plan, overwrite=False):
        assert set(held(out)) == {"config.resolved.yaml", "splits.csv", "notes.txt"}


def test_a_mistake_in_a_new_folder_does_not_stand_in_the_way_of_its_correction(tmp_path, plan):
    fail(tmp_path / "run", SETTINGS, plan, overwrite=False)

    with taken(tmp_path / "run", OTHER, plan, overwrite=False):
        assert set(held(tmp_path / "run")) == {"config.resolved.yaml", "splits.csv"}


def test_what_a_resumed_training_has_stays_when_it_cannot_go_on(out, plan):
    before = held(out)

    fail(out, SETTINGS, plan, overwrite=False)

    assert held(out) == before


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_patch_files_is_not_taken(tmp_path, plan, overwrite):
    cohort = tmp_path / "cohort"
    before = set(cohort.iterdir())

    with (
        pytest.raises(ConfigError, match="results of a training, found the patch file"),
        taken(cohort, SETTINGS, plan, overwrite=overwrite),
    ):
        pass

    assert set(cohort.iterdir()) == before


def test_a_run_without_a_whole_bundle_is_not_finished(out):
    assert finished(out) is None

    (out / "bundle").mkdir()

    assert finished(out) is None
