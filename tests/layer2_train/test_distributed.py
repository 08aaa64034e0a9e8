"""Ranks of one training, in processes of their own."""

from __future__ import annotations

import json
import os

import launching
import numpy as np
import pytest
from waiting import until

from common.errors import ConfigError
from layer2_train import distributed
from layer2_train.distributed import horovod_facts, ranks
from layer2_train.ranks import Alone
from layer2_train.settings.distributed import DistributedSettings

MANY = {"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "0"}


@pytest.fixture(autouse=True)
def nobody_started_us(monkeypatch):
    for name in list(os.environ):
        if name.startswith(launching.LAUNCHERS):
            monkeypatch.delenv(name)


def test_an_absent_horovod_has_no_version(monkeypatch):
    monkeypatch.setattr(distributed, "find_spec", lambda _: None)

    assert horovod_facts() == {"version": ""}


def test_a_process_that_nobody_started_with_others_is_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_STEP_ID", "0")
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "1")
    monkeypatch.setattr(distributed, "find_spec", lambda _: None)

    with ranks(DistributedSettings(), tmp_path) as these:
        assert these == Alone()


@pytest.mark.parametrize(
    ("backend", "message"),
    [("tensorflow", "2 ranks, started by srun: .*make horovod"), ("jax", "KERAS_BACKEND.*jax")],
)
def test_several_ranks_need_horovod_and_tensorflow(tmp_path, monkeypatch, backend, message):
    for name, value in MANY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(distributed, "find_spec", lambda _: None)
    monkeypatch.setattr(distributed.keras.backend, "backend", lambda: backend)

    with pytest.raises(ConfigError, match=message), ranks(DistributedSettings(), tmp_path):
        pass


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Weights of one rank that saw what others share."""
    folder = tmp_path_factory.mktemp("alone")
    launching.done("learn", folder, 1)
    return np.load(folder / "1_0.npz")


def of_two(mode, folder):
    """Weights of two ranks."""
    launching.done(mode, folder, 2)
    return np.load(folder / "2_0.npz"), np.load(folder / "2_1.npz")


@launching.needs_horovod
def test_exchanges_join_what_ranks_have(tmp_path):
    launching.done("exchanges", tmp_path, 2)

    found = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1)]
    assert found[0] == found[1]
    assert found[0]["broadcast"] == [[5.0] * 3, [3, 3]]
    assert found[0]["gathered"] == [[1, 1], [1, 1]]
    assert found[0]["summed"] == [1, 3, 5]
    assert found[0]["any"] == [False, True]
    assert found[0]["stepped"] == [[-1.0, -0.5], [1.0, 1.0]]
    assert found[0]["names"][0] == "SGD"
    assert "averag" not in " ".join(found[0]["names"]).lower()
    # a step that is not finite on one rank is taken on none
    assert found[0]["scaled"] == [[0.0, 2.0], [-3.0, 2.0]]
    assert not list(tmp_path.glob(".*"))


@launching.needs_horovod
def test_two_ranks_learn_what_one_learns_from_batches_twice_as_large(tmp_path, alone):
    first, second = of_two("learn", tmp_path)

    for name in ("plain", "clipped"):
        np.testing.assert_allclose(first[name], alone[name], rtol=2e-5, atol=2e-6)
    for name in ("plain", "clipped", "statistics"):
        np.testing.assert_array_equal(first[name], second[name])


@launching.needs_horovod
def test_gradients_that_travel_as_halves_lead_to_nearly_the_same(tmp_path, alone):
    first, second = of_two("halves", tmp_path)

    np.testing.assert_allclose(first["plain"], alone["plain"], atol=0.02)
    np.testing.assert_array_equal(first["plain"], second["plain"])


@launching.needs_horovod
@pytest.mark.parametrize("victim", [0, 1])
def test_a_rank_that_is_killed_ends_the_others_by_name(tmp_path, victim):
    with launching.started("wait_forever", tmp_path, 2) as ranks:
        until(lambda: len(list(tmp_path.glob("ready_*"))) == 2)
        ranks[victim].kill()
        found = launching.ended(ranks)

    status, said = found[1 - victim]
    assert status == 1
    assert f"rank {victim} on n{victim} ended without a word" in said


@launching.needs_horovod
def test_a_rank_that_stands_still_ends_the_others_by_name(tmp_path):
    with launching.started("stand_still", tmp_path, 2) as (first, _):
        said = first.communicate(timeout=launching.TIMEOUT_S)[1]

    assert first.returncode == 1
    assert "rank 1 on n1 was not heard of for 3 s" in said


@launching.needs_horovod
def test_a_rank_that_keeps_others_waiting_ends_all_by_name(tmp_path):
    for status, said in launching.run("be_late", tmp_path, 2):
        assert status == 1
        assert "rank 1 on n1 is not ready" in said


@launching.needs_horovod
def test_an_error_of_one_rank_is_that_of_all(tmp_path):
    first, second = launching.run("break_contract", tmp_path, 2)

    assert (first[0], second[0]) == (4, 4)
    assert "rank 1 on n1 failed: a.h5: patches: expected some, found none" in first[1]


@launching.needs_horovod
def test_a_bug_in_one_rank_ends_all_and_shows_where(tmp_path):
    first, second = launching.run("make_a_bug", tmp_path, 2)

    assert (first[0], second[0]) == (1, 1)
    assert "rank 1 on n1 failed: ValueError: not thought of" in first[1]
    assert "Traceback" in second[1]


@launching.needs_horovod
def test_a_rank_that_is_stopped_stops_the_others_and_did_not_die(tmp_path):
    first, second = launching.run("be_stopped", tmp_path, 2)

    assert (first[0], second[0]) == (75, 75)
    assert "rank 1 on n1 left" in first[1]
    assert "stopped by SIGTERM" in first[1]


@launching.needs_horovod
def test_a_rank_that_has_finished_lets_others_finish(tmp_path):
    launching.done("finish_apart", tmp_path, 3)

    assert len(list(tmp_path.glob("finished_*"))) == 3
