from __future__ import annotations

import json
from importlib.util import find_spec

import pytest
from click.testing import CliRunner
from fake_hosts import fake_host, only
from patch_files import write_patch_file

from common.doctor.child import Told
from layer2_train.cli import cli
from layer2_train.doctor import doctor, horovod

GLOO = {"step": "horovod_facts", "version": "0.28.1", "gloo": True, "mpi": False, "nccl": False}
RANKS = {"HOROVOD_SIZE": "2", "HOROVOD_RANK": "0"}
WELL = {
    "loaded": {"keras": "3.15", "backend": "tensorflow"},
    "devices": {"devices": ["cpu:0"]},
    "answer": {"answer": 0.5, "expected": 0.5},
}


def said_of(tmp_path, facts=None, end="", files=None, **variables):
    told = Told({"horovod_facts": facts} if facts else {}, end)
    return horovod(fake_host(tmp_path, files, **variables), told)


def test_this_machine_can_train(tmp_path):
    result = CliRunner().invoke(cli, ["doctor", "--out", str(tmp_path), "--json"])

    assert result.exit_code == 0, result.output
    found = {one["name"]: one for one in json.loads(result.stdout)["findings"]}
    assert found["network"]["state"] == "ok"
    assert found["Horovod"]["state"] == ("ok" if find_spec("horovod") else "warning")


def test_the_backend_is_left_out_where_there_is_no_time(tmp_path):
    def refuse(_):
        raise AssertionError("asked")

    found = doctor(tmp_path, (), quick=True, host=fake_host(tmp_path), ask=refuse)

    assert "network" not in {finding.name for finding in found.findings}


def test_patches_are_looked_at(tmp_path):
    write_patch_file(tmp_path, "a")
    host = fake_host(tmp_path, HOME=str(tmp_path))

    found = doctor(tmp_path, (tmp_path,), quick=False, host=host, ask=lambda _: Told(WELL))

    assert "1 patch file" in only(found.findings, "patches").said
    assert only(found.findings, "network").state == "ok"


def test_horovod_is_told_with_what_it_was_built_with(tmp_path):
    found = said_of(tmp_path, GLOO, **RANKS)

    assert (found.state, found.said) == ("ok", "0.28.1 with Gloo")


@pytest.mark.parametrize(("ranks", "state"), [({}, "warning"), (RANKS, "failed")])
@pytest.mark.parametrize(
    ("facts", "end"),
    [
        ({"version": ""}, ""),
        (None, "ImportError: undefined symbol"),
        (GLOO | {"gloo": False}, ""),
    ],
    ids=["none", "another TensorFlow's", "nothing built in"],
)
def test_one_process_does_without_horovod_and_several_do_not(tmp_path, ranks, state, facts, end):
    found = said_of(tmp_path, facts, end, **ranks)

    assert found.state == state
    assert "make horovod" in found.advice
    assert end in found.said


def test_gpus_want_nccl(tmp_path):
    files = {"/dev/nvidia0": ""}

    assert said_of(tmp_path, GLOO, files=files).state == "warning"
    assert said_of(tmp_path, GLOO | {"nccl": True}, files=files).state == "ok"
