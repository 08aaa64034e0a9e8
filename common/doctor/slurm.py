"""What SLURM says of this job, in plain words, and what in it does not fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.amounts import counted, size
from common.cluster import Place, Rank
from common.doctor.finding import failed, ok, warning
from common.doctor.resources import slurm_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from common.doctor.finding import Finding
    from common.doctor.host import Host

_NAME = "SLURM"


def look(host: Host, *, ranks: bool) -> list[Finding]:
    """The job, its array, processors and ranks.

    Parameters
    ----------
    host : Host
    ranks : bool
        Whether several processes of the layer share one piece of work.
    """
    if "SLURM_JOB_ID" not in host.variables:
        return [ok(_NAME, "not in a job")]
    return [
        ok(_NAME, _told(host)),
        *_array(host),
        *_processors(host),
        *_processes(host, ranks=ranks),
    ]


def _told(host: Host) -> str:
    place, rank, names = Place.here(host.variables), Rank.here(host.variables), host.variables
    words = [f"job {place.job}"]
    if place.task:
        words.append(f"task {place.task} of array {place.array or 'unknown'}")
    if host.number("TASKS"):
        words.append(f"which has {counted(host.number('TASKS'), 'task')} (TASKS)")
    if rank.size > 1:
        words.append(f"rank {rank.index} of {rank.size}, by {rank.launcher}")
    words.append(f"on {names.get('SLURMD_NODENAME', place.host)}")
    words.append(f"{counted(host.number('SLURM_JOB_NUM_NODES') or 1, 'node')}")
    words.append(f"{counted(host.number('SLURM_CPUS_PER_TASK') or 1, 'CPU')} per task")
    if memory := slurm_memory(host):
        words.append(f"{size(memory)} of memory")
    if restarts := host.number("SLURM_RESTART_COUNT"):
        words.append(f"begun anew {counted(restarts, 'time')}")
    return ", ".join(words)


def _array(host: Host) -> Iterator[Finding]:
    """Tasks are counted by TASKS, since SLURM counts one where one is submitted again."""
    if "SLURM_ARRAY_TASK_ID" not in host.variables:
        return
    task, count = host.number("SLURM_ARRAY_TASK_ID"), host.number("SLURM_ARRAY_TASK_COUNT")
    tasks, first = host.number("TASKS"), host.number("SLURM_ARRAY_TASK_MIN")
    if not tasks:
        yield warning(
            _NAME,
            f"task {task} of an array, but TASKS does not say of how many",
            f"submit with --export=ALL,TASKS={max(count, task + 1)} and give --shard "
            "$SLURM_ARRAY_TASK_ID/$TASKS",
        )
    elif task >= tasks:
        yield failed(
            _NAME,
            f"task {task}, of TASKS={tasks}: there is no such share of the work",
            f"submit with --array=0-{tasks - 1}",
        )
    elif count and count < tasks:
        yield ok(_NAME, f"{count} of {tasks} tasks submitted, which is well: shares follow TASKS")
    elif count > tasks:
        yield warning(
            _NAME,
            f"{count} tasks in the array from {first} on, TASKS={tasks}: some have no share",
            f"submit with --array=0-{tasks - 1}",
        )


def _processors(host: Host) -> Iterator[Finding]:
    asked = host.number("SLURM_CPUS_PER_TASK")
    if asked <= host.cpus:
        return
    said = f"{counted(asked, 'CPU')} per task asked for, {host.cpus} granted"
    if "SLURM_STEP_ID" in host.variables:
        said += ": srun does not take over the CPUs of a job by itself (since SLURM 22.05)"
        advice = 'srun --cpus-per-task="$SLURM_CPUS_PER_TASK" ...'
    else:
        advice = "ask whoever runs the cluster how it binds tasks to CPUs (TaskPlugin)"
    yield warning(_NAME, said, advice)


def _processes(host: Host, *, ranks: bool) -> Iterator[Finding]:
    tasks, step = host.number("SLURM_NTASKS"), host.number("SLURM_STEP_NUM_TASKS")
    if "SLURM_STEP_ID" not in host.variables and ranks and tasks > 1:
        yield warning(
            _NAME,
            f"{tasks} tasks, but this process was not started by srun: it would train alone",
            "start the command with srun, as in slurm/layer2_train.sbatch",
        )
    if step > 1 and not ranks:
        yield warning(
            _NAME,
            f"srun started {step} of these side by side: each would do the same work",
            "srun --ntasks=1, and an array with --shard for several tasks",
        )
