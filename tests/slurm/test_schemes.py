"""The ways of cutting the work that slurm/README.md describes are those the commands know."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from click.testing import CliRunner
from comparing import assert_equal, content
from fake_programs import fake
from project import ROOT
from tiff_slides import write_cohort_folder

from layer1_extract.cli import cli

TEXT = (ROOT / "slurm" / "README.md").read_text()
SCHEMES = dict(re.findall(r"\*\*By ([a-z ]+):\*\*.*?```sh\n(.*?)```", TEXT, re.DOTALL))
SLIDES = 3
SMALL = ("patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16")


def submitted(scheme):
    """What `sbatch` is given by the lines of a scheme: tasks, environment, script and words."""
    script = f"S={SLIDES}\nsbatch() {{ printf '%s\\0' \"$@\"; }}\n{SCHEMES[scheme]}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    words = done.stdout.split("\0")[:-1]
    place = next(n for n, word in enumerate(words) if not word.startswith("--"))
    given = dict(word.removeprefix("--").split("=", 1) for word in words[:place])
    return (
        range(int(given["array"].removeprefix("0-")) + 1),
        given,
        words[place],
        words[place + 1 :],
    )


def words_of(batch, words, task, tasks, folder):
    """The words of the command that task `task` runs."""
    command = fake(folder / "bin", "layer1-extract", "printf '%s\\0' \"$@\"")
    environment = os.environ | {"SLURM_ARRAY_TASK_ID": str(task), "TASKS": str(tasks)}
    environment["PATH"] = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", ROOT / batch, *words], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout.split("\0")[:-1]


def call(*words):
    done = CliRunner().invoke(cli, [str(word) for word in words])
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_cohort_folder(tmp_path_factory.mktemp("cohort") / "c", slides=SLIDES)


def test_there_are_five():
    assert list(SCHEMES) == [
        "seeds",
        "slides",
        "slides and seeds",
        "windows",
        "slides and windows",
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_task_of_a_scheme_is_a_command_and_all_make_the_whole(scheme, folder, tmp_path):
    tasks, given, batch, words = submitted(scheme)
    assert given["export"] == f"ALL,TASKS={len(tasks)}"
    small = [word for setting in SMALL for word in ("--set", setting)]
    places = {"SLIDES": folder, "OUT": tmp_path / "tasks"}

    for task in tasks:
        its = words_of(batch, words, task, len(tasks), tmp_path)
        call(*(places.get(word, word) for word in its), "--workers", "1", *small)
    call("merge", tmp_path / "tasks", "--join")

    method = [word for word in words if word.startswith("sampling.")]
    chosen = [word for setting in method for word in ("--set", setting)]
    call("extract", folder, "--out", tmp_path / "alone", "--workers", "1", *chosen, *small)
    assert_equal(content(tmp_path / "alone"), content(tmp_path / "tasks"))
