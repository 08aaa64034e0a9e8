from __future__ import annotations

import json
from functools import partial

from small_extraction import SMALL
from typed_commands import typed

from layer1_extract.cli import cli

call = partial(typed, cli)


def test_from_scan_to_check(folder, tmp_path):
    scanned = call("scan", folder, "--out", tmp_path / "cohort.csv")
    assert scanned.exit_code == 0, scanned.output

    out = tmp_path / "out"
    done = call("extract", tmp_path / "cohort.csv", "--out", out, *SMALL, "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert [slide["status"] for slide in said["slides"]] == ["done"] * 3

    files = sorted((out / "patches").glob("*.h5"))
    checked = call("check", *files, "--decode")
    assert checked.exit_code == 0
    assert checked.stdout.count("keeps the specification") == 3


def test_phantom_makes_a_cohort_that_can_be_extracted(tmp_path):
    made = call("phantom", tmp_path / "p", "--slides", 1, "--size", 1024)
    assert made.exit_code == 0, made.output

    done = call("extract", tmp_path / "p", "--out", tmp_path / "out", "--workers", 1)
    assert done.exit_code == 0, done.output
