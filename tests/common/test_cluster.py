from __future__ import annotations

import os
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.cluster import (
    Place,
    Rank,
    Shard,
    available_cpus,
    chosen_interface,
    environment,
    keras_home,
    local_rank,
    lock_no_files,
    machine,
    quiet_libraries,
    set_unless_set,
    share_cores,
    use_one_device,
    visible_devices,
)
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
    granted, no_quota = len(os.sched_getaffinity(0)), Path("/no/groups")

    assert available_cpus({}, no_quota) == granted
    assert available_cpus({"SLURM_CPUS_PER_TASK": "1"}, no_quota) == 1
    assert available_cpus({"SLURM_CPUS_PER_TASK": "10000"}, no_quota) == granted
    assert available_cpus({"SLURM_CPUS_PER_TASK": "none"}, no_quota) == granted


def test_a_containers_quota_of_cpus_is_kept_to(tmp_path):
    for name, text in {
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/cpu.max": "50000 100000",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)

    assert available_cpus({}, tmp_path) == 1


def test_a_log_level_the_user_has_set_stays(monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")

    quiet_libraries()

    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"


@pytest.mark.parametrize(("chosen", "expected"), [(None, "FALSE"), ("TRUE", "TRUE")])
def test_hdf5_locks_no_file_unless_the_user_wants_it(monkeypatch, chosen, expected):
    monkeypatch.setenv("HDF5_USE_FILE_LOCKING", chosen or "")
    if chosen is None:
        monkeypatch.delenv("HDF5_USE_FILE_LOCKING")

    lock_no_files()

    assert os.environ["HDF5_USE_FILE_LOCKING"] == expected


STEP = {
    "SLURM_JOB_ID": "7",
    "SLURM_STEP_ID": "2",
    "SLURM_RESTART_COUNT": "1",
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_STEP_NUM_NODES": "2",
    "SLURM_PROCID": "3",
    "SLURMD_NODENAME": "n2",
}
OPEN_MPI = {
    "OMPI_COMM_WORLD_SIZE": "2",
    "OMPI_COMM_WORLD_RANK": "1",
    "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
    "PMIX_NAMESPACE": "prterun-n1-9@1",
}
HOROVODRUN = {
    "HOROVOD_SIZE": "2",
    "HOROVOD_RANK": "1",
    "HOROVOD_LOCAL_SIZE": "1",
    "HOROVOD_GLOO_RENDEZVOUS_ADDR": "10.0.0.1",
    "HOROVOD_GLOO_RENDEZVOUS_PORT": "99",
}


def test_a_step_of_srun_says_who_we_are():
    assert Rank.here(STEP) == Rank(3, 4, "srun", "srun-7-2-1", one_node=False, host="n2")


def test_a_step_on_one_node_is_on_one_node():
    assert Rank.here(STEP | {"SLURM_STEP_NUM_NODES": "1"}).one_node


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"},
        {**STEP, "SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"},
    ],
    ids=["nobody", "batch script", "srun -n1"],
)
def test_who_was_started_alone_is_alone(variables):
    assert Rank.here(variables) == Rank()


def test_what_mpirun_says_comes_before_the_srun_it_uses():
    rank = Rank.here(STEP | OPEN_MPI)

    assert (rank.index, rank.size, rank.launcher, rank.one_node) == (1, 2, "mpirun", True)
    assert rank.launch == "mpirun-prterun-n1-9-1"


@pytest.mark.parametrize(("tasks", "launcher"), [("4", "srun"), ("2", "mpirun")])
def test_other_mpis_are_told_from_srun_that_speaks_their_language(tasks, launcher):
    said = STEP | {"SLURM_STEP_NUM_TASKS": tasks, "PMI_SIZE": "4", "PMI_RANK": "3"}

    assert (Rank.here(said).index, Rank.here(said).size) == (3, 4)
    assert Rank.here(said).launcher == launcher


def test_horovodrun_comes_first():
    rank = Rank.here(STEP | OPEN_MPI | HOROVODRUN)

    assert (rank.index, rank.size, rank.launcher, rank.one_node) == (1, 2, "horovodrun", False)
    assert rank.launch == "horovodrun-10-0-0-1-99"


def test_a_rank_is_one_of_its_number():
    with pytest.raises(ValueError, match=r"0\.\.1, got 2"):
        Rank(2, 2)


def test_variables_are_what_they_were_afterwards(monkeypatch):
    monkeypatch.setenv("HOROVOD_GLOO_IFACE", "eth7")
    monkeypatch.delenv("CAMNET_NOT_SET", raising=False)

    with environment({"HOROVOD_GLOO_IFACE": "lo", "CAMNET_NOT_SET": "1"}):
        assert chosen_interface() == "lo"
        assert os.environ["CAMNET_NOT_SET"] == "1"

    assert chosen_interface() == "eth7"
    assert "CAMNET_NOT_SET" not in os.environ


def test_what_the_user_has_set_stays(monkeypatch):
    monkeypatch.setenv("CAMNET_GIVEN", "theirs")
    monkeypatch.setenv("CAMNET_ABSENT", "")
    monkeypatch.delenv("CAMNET_ABSENT")

    set_unless_set({"CAMNET_GIVEN": "ours", "CAMNET_ABSENT": "ours"})

    assert (os.environ["CAMNET_GIVEN"], os.environ["CAMNET_ABSENT"]) == ("theirs", "ours")


def test_keras_keeps_its_files_where_it_is_told_or_below_the_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    assert keras_home() == tmp_path / ".keras"

    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "elsewhere"))
    assert keras_home() == tmp_path / "elsewhere"


def test_a_machine_stays_the_same():
    assert machine() == machine()


def test_the_cores_are_divided_among_the_calls_unless_the_user_did(monkeypatch):
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "9")

    share_cores(calls=4, cpus=6)

    assert [os.environ[name] for name in names] == ["2", "9"]


def test_processes_take_the_devices_in_turn(monkeypatch):
    for name in ("TF_FORCE_GPU_ALLOW_GROWTH", "XLA_PYTHON_CLIENT_PREALLOCATE"):
        monkeypatch.delenv(name, raising=False)
    taken = []
    for place in range(5):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1, 3")
        use_one_device(place)
        taken.append(os.environ["CUDA_VISIBLE_DEVICES"])

    assert taken == ["1", "3", "1", "3", "1"]
    assert os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"


def test_without_a_device_none_is_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    use_one_device(0)

    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""


def test_devices_are_those_the_node_has_where_nobody_says(tmp_path):
    for name in ("nvidia0", "nvidia10", "nvidia2", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()

    assert visible_devices({}, tmp_path) == ["0", "2", "10"]
    assert visible_devices({"CUDA_VISIBLE_DEVICES": ""}, tmp_path) == []


def test_slurm_numbers_the_processes_of_a_node():
    assert local_rank({"SLURM_LOCALID": "3"}) == 3
    assert local_rank({}) == 0
