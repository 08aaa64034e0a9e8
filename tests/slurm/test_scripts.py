"""What the batch scripts run, word for word; without a SLURM."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from fake_programs import fake, recorded, recording
from project import ROOT

SCRIPTS = sorted(path for path in (ROOT / "slurm").glob("*.s*") if path.is_file())
PARTS = sorted((ROOT / "slurm").glob("*/*.sh"))
JOB = {"SLURM_JOB_ID": "812", "SLURM_CPUS_PER_TASK": "4"}
TASK = JOB | {"SLURM_ARRAY_JOB_ID": "805", "SLURM_ARRAY_TASK_ID": "7", "TASKS": "40"}
WORDS = ("my slides", "--out", "my out")
BATCH_SCRIPTS = [path.name for path in SCRIPTS if path.suffix == ".sbatch"]
PREEMPTED = "COMPLETING          None                2026-11-21T13:31:04"
TIME_IS_UP = "kill -USR1 $PPID"
STOPS = f"trap 'exit 75' USR1; {TIME_IS_UP}; while :; do sleep 0.02; done"
BUSY = """[ ! -s {0}/busy ] || {{ sed -i 1d {0}/busy
  echo "$(basename $0): Socket timed out on send/recv operation" >&2; exit 1; }}"""
SQUEUE = (
    BUSY
    + """
echo "${{SLURM_CLUSTERS:+CLUSTER: $SLURM_CLUSTERS
}}{1}\""""
)
PROGRAMS = "srun", "apptainer", "layer1-extract", "layer3-infer"


class Batch:
    """A batch script as a node runs it: from a copy elsewhere, with programs that record."""

    def __init__(self, folder):
        self.folder, self.record, self.does = folder, folder / "calls", folder / "does"
        does = f"""does=$(head -n 1 {self.does})
sed -i 1d {self.does}
eval "$does\""""
        for program in PROGRAMS:
            recording(folder / "bin", program, self.record, does)
        recording(folder / "bin", "scontrol", self.record, BUSY.format(folder))
        short = f'[ $1 != 20 ] || {{ echo $1 >> {folder}/slept; exit; }}; exec /bin/sleep "$1"'
        fake(folder / "bin", "sleep", short)

    def run(self, script, *words, does=(), queue="RUNNING None N/A", **environment):
        """What becomes of a job whose programs end, in turn, with a status or do as is said."""
        spool = self.folder / "job00812" / "slurm_script"
        spool.parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "slurm" / script, spool)
        lines = [f"exit {it}" if isinstance(it, int) else it for it in does]
        self.does.write_text("".join(f"{line}\n" for line in lines))
        fake(self.folder / "bin", "squeue", SQUEUE.format(self.folder, queue))
        kept = {"PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", spool, *words],
            capture_output=True,
            text=True,
            check=False,
            env=kept | environment,
            cwd=self.folder,
        )
        calls = recorded(self.record)
        self.record.unlink(missing_ok=True)
        return done.returncode, calls, done.stderr


@pytest.fixture
def batch(tmp_path):
    return Batch(tmp_path)


@pytest.mark.parametrize(
    ("script", "environment", "words", "calls"),
    [
        pytest.param(
            "layer1_extract.sbatch",
            TASK,
            (*WORDS, "--blocks", "9"),
            ["layer1-extract extract 'my slides' --out 'my out' --blocks 9 --shard 7/40"],
            id="extract",
        ),
        pytest.param(
            "layer1_extract.sbatch",
            TASK | {"IMAGES": "/sif files"},
            WORDS,
            [
                "apptainer run '/sif files/layer1_extract.sif' extract 'my slides' "
                "--out 'my out' --shard 7/40"
            ],
            id="extract, Apptainer",
        ),
        pytest.param(
            "layer1_extract.sbatch",
            {"SLURM_JOB_ID": "812"},
            WORDS,
            ["layer1-extract extract 'my slides' --out 'my out' --shard 0/1"],
            id="extract, no array",
        ),
        pytest.param(
            "layer1_merge.sbatch",
            JOB,
            ("my out", "--join"),
            ["layer1-extract merge 'my out' --join"],
            id="merge",
        ),
        pytest.param(
            "layer1_merge.sbatch",
            JOB | {"IMAGES": "/sif"},
            ("out",),
            ["apptainer run /sif/layer1_extract.sif merge out"],
            id="merge, Apptainer",
        ),
        pytest.param(
            "layer2_train.sbatch",
            JOB,
            ("--config", "a.yaml", "--patches", "my patches", "--out", "run"),
            [
                "srun --kill-on-bad-exit=1 --cpus-per-task=4 layer2-train train --config a.yaml "
                "--patches 'my patches' --out run"
            ],
            id="train",
        ),
        pytest.param(
            "layer2_train.sbatch",
            JOB | {"IMAGES": "/sif", "SLURM_GPUS_ON_NODE": "4"},
            ("--patches", "p", "--out", "run"),
            [
                "srun --kill-on-bad-exit=1 --cpus-per-task=4 apptainer run --nv "
                "/sif/layer2_train.sif train --patches p --out run"
            ],
            id="train, Apptainer, GPUs",
        ),
        pytest.param(
            "layer3_infer.sbatch",
            TASK,
            ("slides", "--model", "my bundle", "--out", "o"),
            ["layer3-infer heatmap slides --model 'my bundle' --out o --shard 7/40"],
            id="heatmap",
        ),
        pytest.param(
            "layer3_infer.sbatch",
            TASK | {"IMAGES": "/sif", "SLURM_GPUS_ON_NODE": "1"},
            ("slides", "--model", "b", "--out", "o"),
            [
                "apptainer run --nv /sif/layer3_infer.sif heatmap slides --model b --out o "
                "--shard 7/40"
            ],
            id="heatmap, Apptainer, GPUs",
        ),
        pytest.param(
            "layer3_report.sbatch",
            JOB,
            ("my out", "--model", "b"),
            [
                "layer3-infer merge 'my out'",
                "layer3-infer report 'my out' --model b",
            ],
            id="report",
        ),
        pytest.param(
            "layer3_report.sbatch",
            JOB | {"IMAGES": "/sif"},
            (
                *("o", "--cohort", "my s", "--max-failed", ".1", "--annotations", "my s"),
                *("--", "--annotations", "my s", "--held-out"),
            ),
            [
                "apptainer run /sif/layer3_infer.sif merge o --cohort 'my s' --max-failed .1",
                "apptainer run /sif/layer3_infer.sif evaluate o --annotations 'my s' --held-out",
                "apptainer run /sif/layer3_infer.sif report o --annotations 'my s'",
            ],
            id="report, Apptainer, annotations",
        ),
    ],
)
def test_a_script_runs_its_command(batch, script, environment, words, calls):
    assert batch.run(script, *words, **environment) == (0, calls, "")


@pytest.mark.parametrize("script", ["layer1_extract.sbatch", "layer3_infer.sbatch"])
def test_a_task_that_does_not_know_of_how_many_it_is_runs_nothing(batch, script):
    alone = {name: value for name, value in TASK.items() if name != "TASKS"}

    status, calls, said = batch.run(script, *WORDS, **alone)

    assert (status, calls) != (0, [])
    assert calls == []
    assert "TASKS: is how many tasks there are in all" in said


@pytest.mark.parametrize(
    ("script", "environment", "job"),
    [
        ("layer1_extract.sbatch", TASK, "805_7"),
        ("layer1_extract.sbatch", JOB, "812"),
        ("layer1_merge.sbatch", JOB, "812"),
        ("layer2_train.sbatch", JOB, "812"),
        ("layer3_infer.sbatch", TASK, "805_7"),
        ("layer3_report.sbatch", JOB, "812"),
    ],
)
def test_what_was_stopped_is_put_back_by_its_own_number(batch, script, environment, job):
    """The job id of an array's last task is that of the whole array."""
    status, calls, _ = batch.run(script, "x", does=[75], **environment)

    assert status == 75
    assert calls[1:] == [f"scontrol requeue {job}"]


@pytest.mark.parametrize("script", BATCH_SCRIPTS)
def test_a_script_told_that_the_time_is_up_tells_its_command(batch, script):
    status, calls, said = batch.run(script, "x", does=[STOPS], **TASK)

    assert (status, said) == (75, "")
    assert [call.split()[0] for call in calls[1:]] == ["scontrol"]


@pytest.mark.parametrize("script", BATCH_SCRIPTS)
@pytest.mark.parametrize("killed", [135, 137, 138, 143])
def test_what_is_killed_while_it_stops_is_put_back(batch, script, killed):
    """By the signal before its handler is set, by srun for being late, with its file system."""
    status, calls, _ = batch.run(script, "x", does=[f"{TIME_IS_UP}; exit {killed}"], **TASK)

    assert status == 75
    assert [call.split()[0] for call in calls[1:]] == ["scontrol"]


@pytest.mark.parametrize("script", BATCH_SCRIPTS)
@pytest.mark.parametrize(
    ("queue", "back"), [(PREEMPTED, True), ("COMPLETING None N/A", False)], ids=["preempted", "not"]
)
def test_what_is_killed_by_a_preemption_that_the_script_was_not_told_of(batch, script, queue, back):
    """SLURM tells the steps of a job first."""
    status, calls, _ = batch.run(script, "x", does=[143], queue=queue, **TASK)

    assert status == (75 if back else 143)
    assert ["scontrol" in call for call in calls[1:]][:1] == [True] * back


@pytest.mark.parametrize("script", BATCH_SCRIPTS)
def test_what_ends_as_it_is_told_to_stop_ends_as_it_did(batch, script):
    status, calls, _ = batch.run(
        script, "x", does=[f"trap '' USR1; {TIME_IS_UP}; sleep 0.2; exit 2"], **TASK
    )

    assert (status, len(calls)) == (2, 1)


def test_a_report_told_to_stop_between_its_steps_begins_no_other(batch):
    status, calls, _ = batch.run("layer3_report.sbatch", "o", does=[TIME_IS_UP], **JOB)

    assert status == 75
    assert calls == ["layer3-infer merge o", "scontrol requeue 812"]


@pytest.mark.parametrize("script", BATCH_SCRIPTS)
@pytest.mark.parametrize(
    ("queue", "back"),
    [
        pytest.param("RUNNING None N/A", True, id="time nearly up"),
        pytest.param("SIGNALING None N/A", True, id="being told"),
        pytest.param("COMPLETING TimeLimit N/A", True, id="time up"),
        pytest.param(PREEMPTED, True, id="preempted"),
        pytest.param("COMPLETING None N/A", False, id="scancel"),
        pytest.param("", False, id="no answer"),
    ],
)
def test_what_scancel_ends_is_not_put_back(batch, script, queue, back):
    status, calls, _ = batch.run(script, "x", does=[75], queue=queue, **TASK)

    assert status == 75
    assert len(calls) == 1 + back


@pytest.mark.parametrize("script", BATCH_SCRIPTS)
@pytest.mark.parametrize("times", [1, 4, 5, 9])
def test_a_slurm_that_does_not_answer_at_once_is_asked_again(batch, script, times):
    """First the queue, and then to put the job back."""
    (batch.folder / "busy").write_text("once\n" * times)

    status, calls, said = batch.run(script, "x", does=[75], **TASK)

    slept = (batch.folder / "slept").read_text().split()
    assert (status, slept) == (75, ["20"] * min(times, 5))
    assert len(calls) == 1 + (times < 5)
    assert ("squeue failed five times, as said above: what was" in said) is (times >= 5)


@pytest.mark.parametrize("script", BATCH_SCRIPTS)
def test_what_could_not_be_put_back_is_told(batch, script):
    fake(batch.folder / "bin", "scontrol", "echo 'scontrol: error: Socket timed out' >&2; exit 1")

    status, _, said = batch.run(script, "x", does=[75], **TASK)

    assert status == 75
    assert said.count("Socket timed out") == 5
    assert "scontrol failed five times" in said
    assert said.endswith("could not be put back into the queue. Give the same line again\n")


@pytest.mark.parametrize("script", BATCH_SCRIPTS)
def test_a_choice_of_clusters_does_not_hide_what_is_put_back(batch, script):
    _, calls, _ = batch.run(script, "x", does=[75], **TASK, SLURM_CLUSTERS="far")

    assert len(calls) == 2


@pytest.mark.parametrize("script", BATCH_SCRIPTS)
@pytest.mark.parametrize(("killed", "restarts"), [(137, "0"), (75, "2")])
def test_a_reason_with_a_colon_is_no_preemption(batch, script, killed, restarts):
    words = ("x", "--out", "o")
    queue = "COMPLETING Reason:2T12:30 N/A"

    status, calls, _ = batch.run(
        script, *words, does=[killed], queue=queue, **TASK, SLURM_RESTART_COUNT=restarts
    )

    assert (status, len(calls)) == (killed, 1)


@pytest.mark.parametrize("script", BATCH_SCRIPTS)
def test_what_is_stopped_again_and_again_is_given_up_with_what_to_do(batch, script):
    often = TASK | {"SLURM_RESTART_COUNT": "2", "MAX_RESTARTS": "2"}

    status, calls, said = batch.run(script, "x", does=[75], **often)

    assert (status, len(calls)) == (75, 1)
    expected = "stopped after 2 restarts. Give more --time, or a larger MAX_RESTARTS\n"
    assert said == expected
    rarely = often | {"SLURM_RESTART_COUNT": "1"}
    assert len(batch.run(script, "x", does=[75], **rarely)[1]) == 2


@pytest.mark.parametrize(
    ("script", "words", "made"),
    [
        ("layer1_extract.sbatch", ("s", "--out", "my out"), "outcomes/a.json"),
        ("layer1_merge.sbatch", ("my out",), "patches/a.h5"),
        ("layer2_train.sbatch", ("--patches", "p", "--out", "my out"), "checkpoints/last.h5"),
        ("layer3_infer.sbatch", ("s", "--out", "my out"), "outcomes/a.json"),
        ("layer3_infer.sbatch", ("s", "--out", "my out"), "unfinished/a.0.npy"),
        ("layer3_report.sbatch", ("my out",), "evaluation.json"),
        ("layer3_report.sbatch", ("my out",), "report/a.html"),
    ],
)
@pytest.mark.parametrize(
    ("restarts", "does", "queue", "back"),
    [
        pytest.param("2", "exit 75", "RUNNING None N/A", False, id="nothing, again and again"),
        pytest.param("1", "exit 75", "RUNNING None N/A", True, id="nothing, once again"),
        pytest.param(
            "2", "touch -d tomorrow {}; exit 75", "RUNNING None N/A", True, id="something"
        ),
        pytest.param("2", "touch {}.partial; exit 75", "RUNNING None N/A", False, id="half of it"),
        pytest.param("2", "exit 75", PREEMPTED, True, id="preempted"),
    ],
)
def test_what_brings_nothing_about_is_not_begun_for_ever(
    batch, script, words, made, restarts, does, queue, back
):
    file = batch.folder / "my out" / made
    file.parent.mkdir(parents=True)
    file.with_name("before.json").touch()
    os.utime(file.with_name("before.json"), (1e9, 1e9))
    named = file.with_name(f".{file.name}") if "partial" in does else file
    does = does.format(str(named).replace(" ", "\\ "))

    status, calls, said = batch.run(
        script, *words, does=[does], queue=queue, **TASK, SLURM_RESTART_COUNT=restarts
    )

    assert (status, len(calls)) == (75, 1 + back)
    expected = "stopped: in my out nothing was finished since the last restart. Give more --time\n"
    assert said == ("" if back else expected)


@pytest.mark.parametrize("script", BATCH_SCRIPTS)
@pytest.mark.parametrize("failure", [1, 2, 4, 137])
def test_a_failure_is_the_jobs_and_is_not_tried_again(batch, script, failure):
    status, calls, _ = batch.run(script, "x", does=[failure], **TASK)

    written_all_the_same = script == "layer3_report.sbatch" and failure == 4
    assert (status, len(calls)) == (failure, 1 + written_all_the_same)


@pytest.mark.parametrize(
    ("script", "statuses", "status"),
    [
        ("layer1_extract.sbatch", [3], 3),
        ("layer1_merge.sbatch", [3], 0),
        ("layer3_infer.sbatch", [3], 3),
        ("layer3_report.sbatch", [3, 0], 0),
        ("layer3_report.sbatch", [3, 3], 0),
        ("layer3_report.sbatch", [4, 0], 4),
        ("layer3_report.sbatch", [0, 4], 4),
    ],
)
def test_slides_that_failed_do_not_stop_those_that_gather(batch, script, statuses, status):
    found, calls, said = batch.run(script, "x", does=statuses, **TASK)

    assert found == status
    assert len(calls) == len(statuses)
    gathers = script in {"layer1_merge.sbatch", "layer3_report.sbatch"}
    assert said.count("failed and are left out") == (statuses.count(3) if gathers else 0)


def test_a_report_is_written_where_nothing_can_be_compared(batch):
    words = ("o", "--", "--annotations", "s", "--held-out")

    status, calls, said = batch.run("layer3_report.sbatch", *words, does=[3, 2, 0], **JOB)

    assert status == 2
    assert "error: evaluate ended with 2, as said above: the report in o is not finished" in said
    assert calls[1:] == [
        "layer3-infer evaluate o --annotations s --held-out",
        "layer3-infer report o",
    ]


def test_a_report_is_written_where_too_many_slides_failed(batch):
    status, calls, said = batch.run("layer3_report.sbatch", "o", does=[4], **JOB)

    assert (status, calls) == (4, ["layer3-infer merge o", "layer3-infer report o"])
    assert "error: merge ended with 4, as said above: the report in o is not finished" in said


@pytest.mark.parametrize("script", ["layer1_merge.sbatch", "layer3_report.sbatch"])
@pytest.mark.parametrize(
    ("does", "well"),
    [
        pytest.param([0, 0, 0], True, id="all went well"),
        pytest.param([3, 3, 0], True, id="slides failed"),
        pytest.param([4], False, id="too many, or missing"),
        pytest.param([1], False, id="a bug"),
        pytest.param([75], False, id="stopped"),
    ],
)
def test_what_a_gathering_was_given_is_written_once_it_ended_well(batch, script, does, well):
    """And an earlier one does not seem to have been of the results of this one."""
    known = batch.folder / "o" / ".finished"
    known.parent.mkdir()
    known.write_text("earlier\n")

    batch.run(script, "o", "--", "--annotations", "s", does=does, **JOB, DIGEST="c0ffee")

    assert known.exists() is well
    assert not well or known.read_text() == "c0ffee\n"


@pytest.mark.parametrize("does", [[0, 1], [0, 0, 1]])
def test_a_report_without_a_comparison_or_pages_did_not_end_well(batch, does):
    (batch.folder / "o").mkdir()

    words = ("o", "--", "--annotations", "s")
    batch.run("layer3_report.sbatch", *words, does=does, **JOB, DIGEST="c0ffee")

    assert not list((batch.folder / "o").iterdir())


def test_a_script_by_hand_writes_of_no_words(batch):
    (batch.folder / "o").mkdir()

    assert batch.run("layer1_merge.sbatch", "o", **JOB)[0] == 0
    assert not list((batch.folder / "o").iterdir())


def test_what_the_command_says_is_in_the_log_of_its_job(tmp_path):
    fake(tmp_path / "bin", "layer1-extract", "echo of the command; echo its error >&2; exit 3")
    script = ROOT / "slurm" / "layer1_merge.sbatch"
    env = JOB | {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    done = subprocess.run(
        ["bash", script, "o"], capture_output=True, text=True, check=True, env=env
    )

    assert done.stdout == "of the command\n"
    assert done.stderr.startswith("its error\n")


@pytest.mark.parametrize("script", SCRIPTS, ids=[path.name for path in SCRIPTS])
def test_scripts_are_clean(script):
    if shutil.which("shellcheck") is None:
        pytest.skip("no shellcheck; Debian's package of that name has it")

    parts = ("--external-sources", "--check-sourced")
    done = subprocess.run(
        ["shellcheck", *parts, script], capture_output=True, text=True, check=False
    )

    assert done.stdout == ""


@pytest.mark.parametrize("script", [*SCRIPTS, *PARTS], ids=lambda path: path.name)
def test_scripts_fit_on_a_screen(script):
    lines = script.read_text().splitlines()

    assert max(map(len, lines)) <= 100
    assert len(lines) <= 150


@pytest.mark.parametrize("part", PARTS, ids=lambda path: path.name)
def test_a_part_of_a_script_is_read_and_has_a_test_of_its_name(part):
    """One that is not read would be checked by nothing."""
    whole = part.parents[1] / f"{part.parent.name}.sh"

    assert f'source "$here/{part.relative_to(whole.parent)}"' in whole.read_text()
    assert (Path(__file__).parent / part.parent.name / f"test_{part.stem}.py").is_file()


@pytest.mark.parametrize("script", BATCH_SCRIPTS)
def test_a_script_asks_for_what_lets_it_go_on(script):
    text = (ROOT / "slurm" / script).read_text()
    asked = {line for line in text.splitlines() if line.startswith("#SBATCH ")}

    expected = {"--requeue", "--open-mode=append", "--signal=B:USR1@300"}
    assert {f"#SBATCH {option}" for option in expected} <= asked
