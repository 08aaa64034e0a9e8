from __future__ import annotations

import json
import shlex
from functools import partial

from small_extraction import SMALL
from typed_commands import typed

from common.errors import ContractError
from layer1_extract.cli import cli

call = partial(typed, cli)


def test_from_plan_to_joined_slides(folder, tmp_path):
    dense = (*SMALL[:-2], "--set", "sampling.method=dense", "--workers", 1)
    planned = call("plan", folder, *dense, "--blocks", 2, "--max-array", 4, "--json")
    assert planned.exit_code == 0, planned.output
    said = json.loads(planned.stdout)
    assert (said["plan"]["units"], said["plan"]["tasks"]) == (6, 1)
    assert shlex.split(said["command"])[:5] == [
        *("layer1-extract", "extract", str(folder), "--out", "OUT")
    ]

    out = tmp_path / "out"
    for index in (1, 0):
        shard = ("--shard", f"{index}/2")
        assert call("extract", folder, "--out", out, *dense, "--blocks", 2, *shard).exit_code == 0
        told = json.loads(call("status", out, "--json").stdout)["states"]
        assert (told["done"], told["missing"]) == (6 - 3 * index, 3 * index)

    done = call("merge", out, "--join", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["patches"] <= said["plan"]["patches"]
    assert len(list((out / "patches").glob("*.h5"))) == 3


def test_a_folder_with_gaps_is_not_merged(folder, tmp_path):
    assert call("extract", folder, "--out", tmp_path, *SMALL, "--shard", "0/3").exit_code == 0

    refused = call("merge", tmp_path)
    assert isinstance(refused.exception, ContractError)
    assert str(refused.exception).count("is missing") == 2
