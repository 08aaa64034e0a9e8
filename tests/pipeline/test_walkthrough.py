"""The README's walk through the three layers, run as it is written, on smaller slides."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from command_reference import LAYERS
from project import ROOT

VERBS = {group.name: group for group in LAYERS.values()}
SMALLER = {
    "phantom": ["--size", "1024"],
    "extract": ["--set", "sampling.per_class=40"],
    "train": ["--set", "epochs=2"],
    "explain": ["--top", "2"],
}


def commands():
    block = re.search(
        r"## Walk through it.*?```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S
    )
    lines = [shlex.split(line, comments=True) for line in block[1].splitlines()]
    return [words for words in lines if words]


def expanded(word):
    """What a shell makes of a word."""
    return sorted(map(str, Path().glob(word))) if "*" in word else [word]


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walk")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "configs").symlink_to(ROOT / "configs")
        for program, verb, *rest in commands():
            words = [path for word in rest for path in expanded(word)]
            done = CliRunner().invoke(VERBS[program], [verb, *words, *SMALLER.get(verb, [])])
            assert done.exit_code == 0, f"{program} {verb}: {done.output}"
    return folder


@pytest.mark.slow
def test_the_walk_ends_with_a_report_of_the_slides_held_out(walked):
    page = (walked / "results" / "report.html").read_text()

    for patient in ("patient_002", "patient_022", "patient_042"):
        assert f"{patient}_node_0" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


@pytest.mark.slow
def test_patients_held_out_by_name_are_in_no_training(walked):
    bundle = json.loads((walked / "run" / "bundle" / "bundle.json").read_text())
    splits = (walked / "run" / "splits.csv").read_text()

    assert len(bundle["slides"]["test"]) == 3
    for patient in ("patient_002", "patient_022", "patient_042"):
        (line,) = [line for line in splits.splitlines() if f"{patient}_node_0" in line]
        assert ",test," in line
        assert patient not in json.dumps(bundle)


@pytest.mark.slow
def test_every_heatmap_has_probabilities_on_tissue_and_nothing_elsewhere(walked):
    paths = sorted((walked / "results").glob("*.heatmap.h5"))

    assert len(paths) == 3
    for path in paths:
        with h5py.File(path) as file:
            values = file["probability"][:]
        assert np.isnan(values).any()
        known = values[~np.isnan(values)]
        assert len(known) > 10
        assert ((known >= 0) & (known <= 1)).all()


@pytest.mark.slow
def test_shards_of_the_heatmap_run_equal_one_run(walked, monkeypatch):
    monkeypatch.chdir(walked)
    config = ["--config", "configs/demo/layer3_infer.yaml"]
    for index in (1, 0):
        words = ["cohort.csv", "--held-out", "--model", "run/bundle", "--out", "shards", *config]
        shard = ["--shard", f"{index}/2"]
        done = CliRunner().invoke(VERBS["layer3-infer"], ["heatmap", *words, *shard])
        assert done.exit_code == 0, done.output

    for path in sorted((walked / "results").glob("*.heatmap.h5")):
        with h5py.File(path) as one, h5py.File(walked / "shards" / path.name) as other:
            assert np.array_equal(one["probability"], other["probability"], equal_nan=True)
