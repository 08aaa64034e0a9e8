"""The command line of submit.sh."""

from __future__ import annotations

import re
import subprocess

import pytest
from login_node import SUBMIT


def test_help_says_what_every_option_is_for():
    done = subprocess.run([SUBMIT, "--help"], capture_output=True, text=True, check=True)

    options = (SUBMIT.parent / "submit" / "options.sh").read_text()
    known = set(re.findall(r"^ +(--[a-z-]+)\)", options, re.MULTILINE))
    assert "--dry-run" in known
    assert known == {one for one in known if one in done.stdout}
    assert done.stdout.startswith("  slurm/submit.sh SLIDES --out OUT")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--outt", "x"), "--outt: not known"),
        (("--blocks",), "--blocks needs a value"),
        (("--blocks", "x"), "--blocks: expected a number greater than 0, found x"),
        (("--sbatch", "--comment='a b'"), "--sbatch: expected words without quotes"),
        (("--train-words", "--set a='b c'"), "--train-words: expected words without quotes"),
        (
            ("--sbatch", "--mem=1 --clusters=far"),
            "--sbatch: expected words for the cluster of this",
        ),
        (("--train-sbatch", "-Mfar"), "found -Mfar. Run this on a login node of that cluster"),
        (("--max-failed", "1.5"), "--max-failed: expected a share from 0 to 1, found 1.5"),
        (("--max-failed", "10%"), "--max-failed: expected a share from 0 to 1, found 10%"),
        (("other.csv",), "expected one SLIDES, found my cohort.csv and other.csv"),
    ],
)
def test_a_line_with_a_mistake_submits_nothing(login, words, message):
    done, calls = login.submit(*words)

    assert (done.returncode, calls) == (2, [])
    assert message in done.stderr
