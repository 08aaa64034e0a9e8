from __future__ import annotations

import os
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.cluster import Place, Shard, available_cpus, quiet_libraries
from common.errors import ConfigError


@given(items=st.lists(st.integers()), count=st.integers(1, 50))
def test_every_item_is_in_exactly_one_share(items, count):
    shares = [Shard(index, count).of(items) for index in range(count)]

    assert sorted(chain.from_iterable(shares)) == sorted(items)


def test_reads_the_command_line_form():
    assert Shard.parse("3/10") == Shard(3, 10)


@pytest.mark.parametrize("text", ["3", "10/10", "-1/10", "3/", "three/10", "0/0"])
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(ConfigError, match=r"such as 3/10, found"):
        Shard.parse(text)


def test_the_place_names_job_task_and_rank_of_slurm():
    place = Place.here({"SLURM_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "3", "SLURM_PROCID": "0"})

    assert (place.job, place.task, place.rank) == ("7", "3", "0")
    assert place.host


def test_cpus_are_those_granted_never_those_of_the_node():
    granted = len(os.sched_getaffinity(0))

    assert available_cpus({}) == granted
    assert available_cpus({"SLURM_CPUS_PER_TASK": "1"}) == 1
    assert available_cpus({"SLURM_CPUS_PER_TASK": "10000"}) == granted
    assert available_cpus({"SLURM_CPUS_PER_TASK": "none"}) == granted


def test_a_log_level_the_user_has_set_stays(monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")

    quiet_libraries()

    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"
