"""Killed just before any change of a file, the same command gives the undisturbed result.

Every third change is tried here, which takes seconds; ``step=1`` tries them all.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from project import ROOT
from real_command import done
from tiff_slides import write_cohort_folder

BASE = ("--set", "patch.size=32", "--set", "patch.mpp=0.5", "--set", "sampling.method=dense")
WORDS = (*BASE, "--set", "tissue.min_area_um2=1000", "--set", "tissue.close_um=16")
SCRIPT = ROOT / "tests" / "support" / "crash_points.py"


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    return write_cohort_folder(tmp_path_factory.mktemp("slides") / "cohort", slides=1)


def recovers(tmp_path, *words, step=3):
    """The command, killed at every `step`-th change of a file and run again, gives ``whole``."""
    folders = [tmp_path / name for name in ("before", "whole", "out")]
    command = [str(word) for word in (sys.executable, SCRIPT, step, *folders, *words)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{SCRIPT.parent}"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    assert len(re.findall(r"^\d+ (os\.|open )", result.stdout, re.MULTILINE)) > 5, result.stdout


def test_extraction_recovers_from_a_crash_at_any_change_of_a_file(slides, tmp_path):
    command = ("extract", slides, "--workers", "1", *WORDS)
    done(*command, "--out", tmp_path / "whole")

    recovers(tmp_path, *command, "--out", tmp_path / "out")


def test_replacing_another_result_recovers_from_a_crash_at_any_change_of_a_file(slides, tmp_path):
    command = ("extract", slides, "--workers", "1", *WORDS)
    done(*command, "--out", tmp_path / "before", "--set", "sampling.stride=64")
    done(*command, "--out", tmp_path / "whole")

    recovers(tmp_path, *command, "--overwrite", "--out", tmp_path / "out")


def test_joining_parts_recovers_from_a_crash_at_any_change_of_a_file(slides, tmp_path):
    command = ("extract", slides, "--workers", "1", "--blocks", "3", *WORDS)
    done(*command, "--out", tmp_path / "before")
    done(*command, "--out", tmp_path / "whole")
    done("merge", "--join", tmp_path / "whole")

    recovers(tmp_path, "merge", "--join", tmp_path / "out")
