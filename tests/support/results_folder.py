"""What must hold of a folder of results, however it came about."""

from __future__ import annotations

import dataclasses
import os
import time

from comparing import assert_equal, content
from real_command import done

from common.files import sha256
from common.outcomes import read_outcomes
from layer1_extract.status import cohort_ids, states_of

SAME_BYTES = ("previews", "masks", "cohorts")


def traces(out):
    """Files in the folder, by relative name, that a finished run has no use for."""
    found = (path.relative_to(out) for path in out.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if path.name[0] == "." or path.parts[0] == "running")


def age_traces(out, seconds):
    """As if the traces were left `seconds` ago."""
    then = time.time() - seconds
    for name in traces(out):
        os.utime(out / name, (then, then))


def assert_same_results(out, other):
    """Patches, counts, outcomes, previews, masks and recorded cohorts are equal, bit for bit."""
    assert_equal(content(out), content(other))
    assert _outcomes(out) == _outcomes(other)
    for folder in SAME_BYTES:
        assert _hashes(out / folder) == _hashes(other / folder)
    name = "config.resolved.yaml"
    assert (out / name).read_bytes() == (other / name).read_bytes()


def assert_sound(out):
    """Every patch file passes its check, decoded; every slide is done; a set is complete."""
    files = sorted((out / "patches").glob("[!.]*.h5"))
    done("check", "--decode", *files)
    states = states_of(out, cohort_ids(out, None))
    assert {one.state for one in states} == {"done"}
    assert len(files) == len(states)


def _outcomes(out):
    return [dataclasses.replace(outcome, seconds=0.0) for outcome in read_outcomes(out)]


def _hashes(folder):
    return {path.name: sha256(path) for path in sorted(folder.glob("[!.]*")) if path.is_file()}
