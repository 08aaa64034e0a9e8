"""The whole way through SIF files and Apptainer, as on a cluster without root."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import image_runs
import launching
import pytest
from comparing import assert_equal, content, same_heatmaps
from halting import go, waits
from project import ROOT
from slurm_jobs import SCRIPTS, Slurm
from small_pipeline import EXTRACT, HEATMAP, TRAIN

FOLDER = os.environ.get("CAMNET_SIF", "")
PROGRAM = ROOT / "tests" / "containers" / "apptainer.sh"


@pytest.fixture(scope="module")
def apptainer():
    """The program; a skip where there is none, or no SIF files."""
    if not FOLDER:
        pytest.skip("no SIF files: make test-images says their folder in CAMNET_SIF")
    for layer in image_runs.LAYERS:
        if not sif(layer).is_file():
            pytest.skip(f"no {sif(layer)}: make sif")
    begun = subprocess.run([PROGRAM, "install"], capture_output=True, text=True, check=False)
    if begun.returncode == 77:
        pytest.skip(begun.stderr.strip().splitlines()[-1])
    assert begun.returncode == 0, begun.stderr
    return Path(begun.stdout.strip()) / "apptainer"


@pytest.fixture(scope="module")
def slurm(apptainer, tmp_path_factory):
    """Two nodes on this machine, whose jobs run the SIF files."""
    nodes = Slurm(tmp_path_factory.mktemp("slurm"))
    if reason := nodes.start():
        pytest.skip(reason)
    path = f"{apptainer.parent}{os.pathsep}{nodes.environment['PATH']}"
    nodes.environment |= {"PATH": path, "IMAGES": str(Path(FOLDER).resolve()), "TASKS": "1"}
    yield nodes
    nodes.stop()


def sif(layer):
    return Path(FOLDER).resolve() / f"{layer}.sif"


def environment(folder, **said):
    """Of a user whose own Python packages are broken."""
    (folder / "numpy.py").write_text("raise ImportError('of the machine, not of the image')\n")
    said |= {"PYTHONPATH": str(folder), "PYTHONSTARTUP": str(folder / "numpy.py")}
    return {**launching.clean(), **said}


def done(apptainer, layer, *words, **options):
    result = launching.launched(apptainer, "run", sif(layer), *words, **options)
    assert result.returncode == 0, f"{words}: {result.returncode}: {result.stdout}{result.stderr}"
    return result


def test_layer_1_finds_what_the_plain_environment_finds(apptainer, plain, tmp_path):
    env = environment(tmp_path)
    out = tmp_path / "out"

    done(apptainer, "layer1_extract", "extract", plain.cohort, "--out", out, *EXTRACT, env=env)
    done(apptainer, "layer1_extract", "merge", out, env=env)

    assert_equal(content(out), content(plain.patches))


def test_layer_2_trains_as_two_ranks(apptainer, plain, tmp_path):
    out = tmp_path / "out"
    words = ("train", "--patches", plain.patches, "--out", out, *TRAIN)
    command = [os.fspath(word) for word in (apptainer, "run", sif("layer2_train"), *words)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [
        subprocess.Popen(command, env=environment(tmp_path, **told(rank)), **streams)
        for rank in range(2)
    ]

    said = launching.ended(both)

    assert [status for status, _ in said] == [0, 0], said
    assert (out / "bundle").is_dir()
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["ranks"] == 2


def told(rank):
    """What `srun` says to one of two ranks on this machine."""
    said = launching.of_step(rank, 2)
    started = {name: value for name, value in said.items() if name.startswith("SLURM")}
    return started | {"HOROVOD_GLOO_IFACE": "lo"}


def test_layer_3_finds_what_the_plain_environment_finds(apptainer, plain, tmp_path):
    out = tmp_path / "out"
    words = ("heatmap", plain.cohort, "--model", plain.model, "--out", out, *HEATMAP)

    done(apptainer, "layer3_infer", *words, env=environment(tmp_path))

    same_heatmaps(out, plain.heatmaps, plain.slides)


@pytest.mark.parametrize("layer", image_runs.LAYERS)
def test_a_sif_file_tells_what_its_image_tells(apptainer, images, layer, tmp_path):
    said = done(apptainer, layer, "--version", env=environment(tmp_path)).stdout
    assert said == image_runs.done(layer, "--version").stdout

    labels = launching.launched(apptainer, "inspect", "--labels", "--json", sif(layer)).stdout
    found = json.loads(labels)["data"]["attributes"]["labels"]
    expected = image_runs.inspected(layer)["Config"]["Labels"]
    for name in ("version", "revision", "title"):
        full = f"org.opencontainers.image.{name}"
        assert found[full] == expected[full]


def test_a_job_asked_to_stop_goes_on_and_finds_the_same(slurm, plain, tmp_path):
    """What holds the container up is not told to stop with it."""
    script = SCRIPTS / "layer1_extract.sbatch"
    for out in (tmp_path / str(number) for number in range(10)):
        job = slurm.sbatch("--array=0", script, plain.cohort, "--out", out, *EXTRACT)
        if (task := slurm.caught(job, out, 0)) is not None:
            break  # else it was over before anybody looked

    slurm.run("scancel", "--batch", "--signal=USR1", f"{job}_0")
    slurm.until(lambda: waits(task.pid, signal.SIGUSR1))
    go(task.pid)

    (ended,) = slurm.ended(job)
    assert (ended.state, ended.restarts) == ("COMPLETED", 1)
    log = slurm.log(job, 0)
    assert "stopped by SIGUSR1; the same command goes on from what is finished" in log
    merge = slurm.sbatch(SCRIPTS / "layer1_merge.sbatch", out)
    assert [one.state for one in slurm.ended(merge)] == ["COMPLETED"]
    assert_equal(content(out), content(plain.patches))


def test_a_job_trains_on_two_nodes(slurm, plain, tmp_path):
    out = tmp_path / "out"
    words = ("--cpus-per-task=1", SCRIPTS / "layer2_train.sbatch")

    job = slurm.sbatch(*words, "--patches", plain.patches, "--out", out, *TRAIN)

    (ended,) = slurm.ended(job)
    assert (ended.state, ended.node) == ("COMPLETED", "n[1-2]"), slurm.log(job)
    assert (out / "bundle").is_dir()
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["ranks"] == 2
