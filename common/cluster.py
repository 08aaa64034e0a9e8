"""Which part of the work is this process's, and where it runs.

The only module that reads or writes the environment.
"""

from __future__ import annotations

import math
import os
import socket
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from common.cgroup import limits
from common.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

T = TypeVar("T")


@dataclass(frozen=True)
class Shard:
    """One of `count` equal shares of a list, counted from 0.

    The count is stated, not read from ``SLURM_ARRAY_TASK_COUNT``: resubmitting one failed task
    sets that variable to 1, which would hand the task the whole list.

    Examples
    --------
    >>> slides = ["a", "b", "c", "d", "e"]
    >>> Shard(0, 2).of(slides), Shard(1, 2).of(slides)
    (['a', 'c', 'e'], ['b', 'd'])
    """

    index: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise ValueError(f"shard index must be in 0..{self.count - 1}, got {self.index}")

    def of(self, items: Sequence[T]) -> list[T]:
        """The items in this share, in order. Every item is in exactly one share."""
        return list(items[self.index :: self.count])

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``index/count``, as in ``--shard 3/10``.

        Raises
        ------
        ConfigError
            If `text` has another form, or the index is not below the count.
        """
        index, _, count = text.partition("/")
        try:
            return cls(int(index), int(count))
        except ValueError as error:
            message = f"--shard: expected index/count such as 3/10, found {text!r}"
            raise ConfigError(message) from error


@dataclass(frozen=True)
class Place:
    """Where a process runs: one line at the head of every log.

    Attributes
    ----------
    host : str
    job, task : str
        SLURM's job id and array task id; empty outside SLURM.
    rank : str
        Of several processes started together, by whichever launcher; empty for one alone.
    array : str
        SLURM's id of the array that the task is one of: users know the task by it.
    """

    host: str
    job: str
    task: str
    rank: str
    array: str = ""

    @classmethod
    def here(cls, environment: Mapping[str, str] | None = None) -> Place:
        """The place of this process."""
        env = os.environ if environment is None else environment
        rank = Rank.here(env)
        return cls(
            host=socket.gethostname(),
            job=env.get("SLURM_JOB_ID", ""),
            task=env.get("SLURM_ARRAY_TASK_ID", ""),
            rank=str(rank.index) if rank.size > 1 else env.get("SLURM_PROCID", ""),
            array=env.get("SLURM_ARRAY_JOB_ID", ""),
        )


@dataclass(frozen=True)
class Rank:
    """One of the processes that were started together to share one piece of work.

    Attributes
    ----------
    index, size : int
        Which process this is, from 0, of how many.
    launcher : {"", "srun", "horovodrun", "mpirun"}
        Who started them; empty for a process that was started alone.
    launch : str
        Letters and digits that two launches at the same time do not share; a job that SLURM
        started anew has another.
    one_node : bool
        Whether the launcher put all of them on one node.
    host : str
        The node as the scheduler, or itself, calls it.
    """

    index: int = 0
    size: int = 1
    launcher: str = ""
    launch: str = ""
    one_node: bool = True
    host: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.size:
            raise ValueError(f"rank must be in 0..{self.size - 1}, got {self.index}")

    @classmethod
    def here(cls, environment: Mapping[str, str] | None = None) -> Rank:
        """The rank of this process.

        A batch script holds ``SLURM_NTASKS`` without being one of so many: only what a step of
        ``srun`` was given counts. ``mpirun`` may itself use ``srun`` to reach the nodes, so what
        it says comes first.

        Examples
        --------
        >>> Rank.here({"SLURM_NTASKS": "4", "SLURM_PROCID": "0"}).size
        1
        """
        env = os.environ if environment is None else environment
        if _number(env, "HOROVOD_SIZE") > 1:
            place = (env.get("HOROVOD_GLOO_RENDEZVOUS_" + name, "") for name in ("ADDR", "PORT"))
            local = _number(env, "HOROVOD_LOCAL_SIZE")
            return cls._of(env, "HOROVOD_RANK", "HOROVOD_SIZE", "horovodrun", (*place,), local)
        if _number(env, "OMPI_COMM_WORLD_SIZE") > 1:
            names = ("PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "OMPI_MCA_orte_ess_jobid")
            job = tuple(env.get(name, "") for name in names)
            local = _number(env, "OMPI_COMM_WORLD_LOCAL_SIZE")
            own = "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"
            return cls._of(env, *own, "mpirun", job, local)
        tasks = _number(env, "SLURM_STEP_NUM_TASKS")
        if _number(env, "PMI_SIZE") not in {0, 1, tasks}:
            return cls._of(env, "PMI_RANK", "PMI_SIZE", "mpirun", (), 0)
        if tasks > 1 and "SLURM_STEP_ID" in env:
            names = ("SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT")
            step = tuple(env.get(name, "0") for name in names)
            local = tasks if _number(env, "SLURM_STEP_NUM_NODES") == 1 else 0
            return cls._of(env, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "srun", step, local)
        return cls()

    @classmethod
    def _of(
        cls,
        env: Mapping[str, str],
        index: str,
        size: str,
        launcher: str,
        launch: tuple[str, ...],
        local: int,
    ) -> Rank:
        """A rank from the names of its variables; `local` is how many share its node."""
        words = "-".join([launcher, *(word for word in launch if word)])
        name = "".join(letter if letter.isalnum() else "-" for letter in words)
        count = _number(env, size)
        host = env.get("SLURMD_NODENAME") or socket.gethostname()
        return cls(_number(env, index), count, launcher, name, local == count, host)


def _number(env: Mapping[str, str], name: str) -> int:
    """A number of the environment, 0 where there is none."""
    text = env.get(name, "")
    return int(text) if text.isdecimal() else 0


@contextmanager
def environment(values: Mapping[str, str]) -> Generator[None, None, None]:
    """Set variables of this process' environment; on leaving they are what they were."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def variables() -> dict[str, str]:
    """This process' environment as it is now."""
    return dict(os.environ)


def chosen_interface() -> str | None:
    """The network interface the user chose for ranks, by its name; None leaves it to us."""
    return os.environ.get("HOROVOD_GLOO_IFACE") or None


def built_from(environment: Mapping[str, str] | None = None) -> str:
    """The commit that an image says its code was built from; empty elsewhere.

    Examples
    --------
    >>> built_from({"CAMNET_COMMIT": "1a2b3c4"})
    '1a2b3c4'
    """
    env = os.environ if environment is None else environment
    return env.get("CAMNET_COMMIT", "").strip()


def keras_home() -> Path:
    """Where Keras keeps what it downloads."""
    return Path(os.environ.get("KERAS_HOME") or Path("~", ".keras").expanduser())


def set_unless_set(values: Mapping[str, str]) -> None:
    """Set variables of this process' environment that the user has not set."""
    for name, value in values.items():
        os.environ.setdefault(name, value)


def machine() -> str:
    """A name that processes share which reach one another by the loopback interface."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        network = Path("/proc/self/ns/net").readlink()
    except OSError:  # no Linux
        return socket.gethostname()
    return f"{boot} {network}"


def available_cpus(environment: Mapping[str, str] | None = None, root: Path = Path("/")) -> int:
    """CPUs this process may use: SLURM's share, within the affinity mask and a container's quota.

    ``os.cpu_count`` would count the whole node.

    Parameters
    ----------
    environment : mapping of str to str or None
        None takes this process' own.
    root : Path
        Where control groups are told of.

    Examples
    --------
    >>> available_cpus({"SLURM_CPUS_PER_TASK": "1"})
    1
    """
    env = os.environ if environment is None else environment
    granted = min(len(os.sched_getaffinity(0)), _quota(root))
    asked = env.get("SLURM_CPUS_PER_TASK", "")
    return min(granted, int(asked)) if asked.isdecimal() and int(asked) > 0 else granted


@cache
def _quota(root: Path) -> int:
    """Whole CPUs within the quota of the control group; more than there are where it has none."""
    cpus = limits(root).cpus
    return sys.maxsize if cpus is None else max(1, math.ceil(cpus))


def share_cores(calls: int, cpus: int) -> None:
    """Divide the cores among networks that answer at the same time, unless the user did.

    Several calls on few threads each are faster than one call on all of them: small layers leave
    threads idle. For TensorFlow, before it is loaded.
    """
    threads = str(max(1, -(-cpus // calls)))
    set_unless_set({"TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": str(calls)})


def use_one_device(place: int) -> None:
    """Give this process one GPU of its node, and of its memory what it needs; none changes nothing.

    Processes with successive places take the devices in turn, so that several share one where
    there are more processes. Before TensorFlow or JAX are loaded.

    Parameters
    ----------
    place : int
        Number of this process on its node.
    """
    share_device_memory()
    devices = visible_devices()
    if devices:
        os.environ["CUDA_VISIBLE_DEVICES"] = devices[place % len(devices)]


def share_device_memory() -> None:
    """Take of a GPU's memory what is needed, not all of it. Before TensorFlow or JAX are loaded."""
    growing = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    set_unless_set(growing)


def visible_devices(
    environment: Mapping[str, str] | None = None, files: Path = Path("/dev")
) -> list[str]:
    """The GPUs this process may use, as ``CUDA_VISIBLE_DEVICES`` calls them.

    Examples
    --------
    >>> visible_devices({"CUDA_VISIBLE_DEVICES": "2,3"})
    ['2', '3']
    """
    env = os.environ if environment is None else environment
    said = env.get("CUDA_VISIBLE_DEVICES")
    if said is not None:
        return [name for name in said.replace(" ", "").split(",") if name]
    numbers = (path.name.removeprefix("nvidia") for path in files.glob("nvidia[0-9]*"))
    return sorted((number for number in numbers if number.isdecimal()), key=int)


def local_rank(environment: Mapping[str, str] | None = None) -> int:
    """Number of this process among those SLURM started on this node; 0 outside SLURM."""
    return _number(os.environ if environment is None else environment, "SLURM_LOCALID")


def lock_no_files() -> None:
    """Let HDF5 open files where the file system has no locks, unless the user set otherwise.

    Our own files are opened so anyway: this is for what Keras opens, which gives no choice. None of
    them needs a lock, since each is written under a name that nobody else has. Before the first
    file is opened.
    """
    set_unless_set({"HDF5_USE_FILE_LOCKING": "FALSE"})


def quiet_libraries() -> None:
    """Keep TensorFlow's C++ notices out of the log; a level the user has set stays."""
    set_unless_set({"TF_CPP_MIN_LOG_LEVEL": "2"})
