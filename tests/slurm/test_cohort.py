"""A cohort sent through all layers by `slurm/submit.sh`, as jobs that depend on one another."""

from __future__ import annotations

import re
import signal

import pytest
from comparing import assert_equal, content, same_heatmaps
from halting import go, waits
from launching import needs_horovod
from real_command import done, run
from slurm_jobs import SCRIPTS
from training_runs import assert_same_training

pytestmark = [pytest.mark.cluster, needs_horovod]
BAD = "patient_002_node_0"
SLIDES = [f"patient_0{number}_node_0" for number in ("00", "01", "20", "21", "40", "41")]
SETTINGS = {
    "extract": "patch: {size: 32, mpp: 0.5}\nsampling: {method: dense, stride: 32}\n",
    "train": "network: {name: camnet_small}\nsplit: {valid: [patient_020], test: [patient_021]}\n"
    "optimizer: {name: adamw, learning_rate: 0.001}\nbatch_size: 8\nepochs: 3\nbootstrap: 20\n"
    "loading: {threads: 1}\n",
    "heatmap": "stride: 32\n",
}
RESUMED = "goes on after epoch"
BLOCKS, PER_TASK = 2, 5
UNITS = (len(SLIDES) + 1) * BLOCKS
STAGES = ["extract", "extract", "extract", "merge", "train", *["heatmap"] * 3, "report"]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Slides of three centres, one of them damaged, and a configuration for each layer."""
    folder = tmp_path_factory.mktemp("cohort")
    done("phantom", folder / "slides", "--slides", str(len(SLIDES)), "--size", "1024")
    (folder / "slides" / "centre_0" / f"{BAD}.tif").write_bytes(bytes(range(256)) * 9)
    for name, text in SETTINGS.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


@pytest.fixture(scope="module")
def submit(cluster, cohort):
    """Gives the line that sends the cohort to its folder ``out``; what it says."""

    def submitted(*words, out=cohort / "out"):
        configs = [(f"--{name}-config", cohort / f"{name}.yaml") for name in SETTINGS]
        one_core = [(f"--{name}-sbatch", "--cpus-per-task=1") for name in ("train", "heatmap")]
        given = [word for pair in (*configs, *one_core) for word in pair]
        cut = ("--blocks", BLOCKS, "--units-per-task", PER_TASK)
        line = (SCRIPTS / "submit.sh", cohort / "slides", "--out", out, *given, *cut, *words)
        return cluster.run(*line)

    return submitted


@pytest.fixture(scope="module")
def sent(cluster, cohort, submit):
    """The folder of results, once the last job ended; and every task there was."""
    jobs = jobs_of(submit())
    return cohort / "out", cluster.ended(*jobs, within=300)


@pytest.fixture(scope="module")
def alone(cohort):
    """The patches as one process cuts them."""
    out = cohort / "alone"
    words = ("extract", cohort / "slides", "--out", out, "--config", cohort / "extract.yaml")
    assert run(*words, "--workers", "1").returncode == 3
    return out


def jobs_of(said):
    return [int(number) for number in re.findall(r"submitted, job (\d+)", said)]


def test_one_bad_slide_does_not_stop_the_others(sent):
    out, tasks = sent

    assert [task.name.removeprefix("camnet-") for task in tasks] == STAGES
    failed = {task.name for task in tasks if task.state != "COMPLETED"}
    assert failed == {"camnet-extract", "camnet-heatmap"}
    assert sum(task.state == "FAILED" for task in tasks) == 4
    (merge,) = (out / "logs").glob("merge-*.log")
    assert f"failed {BAD}.part-0-of-2" in merge.read_text()
    assert BAD in (out / "layer3" / "report.html").read_text()


def test_patches_are_those_of_one_process(sent, alone):
    out, _ = sent

    assert [path.stem for path in sorted((out / "layer1" / "patches").iterdir())] == SLIDES
    assert_equal(content(out / "layer1"), content(alone))


def test_training_ran_on_both_nodes(sent):
    out, tasks = sent

    (train,) = (task for task in tasks if task.name == "camnet-train")
    assert train.node == "n[1-2]"
    assert "rank 1: finished; rank 0 tells more" in log_of(out, "train")


def test_every_log_begins_with_where_and_what_it_is_of(sent):
    out, tasks = sent

    for task in tasks:
        array = f"{task.job}_{task.task}" if task.task >= 0 else ""
        place = rf"job=\d+ \(={array}\) task={task.task}" if array else f"job={task.job}"
        head = rf"\S+ INFO host=\S+ {place} rank=[01] software='camnet \S+.* config=\w+\n"
        name = f"{task.name.removeprefix('camnet-')}-{array or task.job}.log"
        assert re.match(head, (out / "logs" / name).read_text()), name


def test_heatmaps_are_those_of_one_process(sent, cohort):
    out, _ = sent
    bundle = out / "layer2" / "bundle"
    words = ("heatmap", cohort / "slides", "--model", bundle, "--out", cohort / "heatmaps")

    status = run(*words, "--config", cohort / "heatmap.yaml", layer="layer3_infer").returncode

    assert status == 3
    same_heatmaps(out / "layer3", cohort / "heatmaps", SLIDES)


def test_the_same_line_again_submits_nothing(sent, submit):
    said = submit()

    assert jobs_of(said) == []
    stages = re.findall(r"^(\w+): finished", said, re.MULTILINE)
    assert stages == ["extract", "merge", "train", "heatmap", "report"]


def test_the_same_line_again_submits_what_was_lost_alone(sent, submit, cluster, alone):
    out, _ = sent
    lost = out / "layer1" / "patches" / f"{SLIDES[-1]}.h5"
    kept = {path: path.stat().st_mtime_ns for path in lost.parent.iterdir() if path != lost}
    lost.unlink()

    said = submit()

    assert f"{BLOCKS} of {UNITS} slides or parts to extract in 2 tasks" in said
    tasks = cluster.ended(*jobs_of(said))
    again = ["extract", "extract", "merge", "train"]
    assert [task.name.removeprefix("camnet-") for task in tasks] == again
    assert {task.state for task in tasks[-2:]} == {"COMPLETED"}
    log = (out / "logs" / f"train-{tasks[-1].job}.log").read_text()
    assert log.count("was finished before, nothing to do") == 2
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert_equal(content(out / "layer1"), content(alone))


def test_a_training_that_is_stopped_and_loses_a_node_ends_as_undisturbed(
    sent, slurm, cohort, halt, tmp_path
):
    out, _ = sent
    run_folder = tmp_path / "run"
    words = ("--patches", out / "layer1", "--out", run_folder, "--config", cohort / "train.yaml")
    # of 26 steps in each of three epochs
    step = halt("layer2_train.training:Training._step", 30, name="rank-$SLURM_PROCID")
    step.ask(SLURM_PROCID=0)
    command = (SCRIPTS / "layer2_train.sbatch", *words)
    job = slurm.sbatch("--cpus-per-task=1", *command, **step.environment)

    (first,) = step.halted(SLURM_PROCID=0)
    slurm.run("scancel", "--batch", "--signal=USR1", job)
    slurm.until(lambda: waits(first, signal.SIGUSR1))
    step.ask(SLURM_PROCID=0)
    go(first)
    slurm.until(lambda: [(one.state, one.restarts) for one in slurm.tasks(job)] == [("RUNNING", 1)])
    step.halted(SLURM_PROCID=0)
    slurm.kill_node("n2")  # and rank 0 is told to go on, and to end
    slurm.until(lambda: slurm.tasks(job)[0].state == "PENDING")
    slurm.start_node("n2")

    (task,) = slurm.ended(job)
    assert (task.state, task.restarts) == ("COMPLETED", 2)
    log = slurm.log(job)
    assert "The same command goes on from there" in log
    assert "rank 0 on n1 ends: rank 1 on n2 ended without a word" in log
    assert log.count(RESUMED) == 4
    assert_same_training(out / "layer2", run_folder)


def test_no_array_is_larger_than_the_cluster_takes(submit, cluster, tmp_path):
    said = submit("--dry-run", "--blocks", 4, "--units-per-task", 1, out=tmp_path / "other")

    assert "MaxArraySize            = 20\n" in cluster.run("scontrol", "show", "config")
    assert re.findall(r"--array=(\S+)", said) == ["0-13", "0-13"]


def log_of(out, stage):
    (path,) = (out / "logs").glob(f"{stage}-*.log")
    return path.read_text()
