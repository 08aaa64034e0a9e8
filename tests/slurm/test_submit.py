"""What slurm/submit.sh submits, word for word; without a SLURM."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from fake_programs import fake, recorded, recording
from project import ROOT

from common.array_job import ArrayJob
from common.cohort import SlideEntry
from common.cohort_job import CohortJob

SUBMIT = ROOT / "slurm" / "submit.sh"
SLURM = ROOT / "slurm"


class Login:
    """A login node: SLURM and the layers' commands, which record what they were asked."""

    def __init__(self, folder):
        self.folder, self.record = folder, folder / "calls"
        self.out, self.cohort = folder / "my out", folder / "my cohort.csv"
        self.cohort.write_text("path\n")
        (folder / "queue").touch()
        (folder / "refused").write_text("no such job\n")
        for layer in ("layer1_extract", "layer3_infer"):
            self.left(layer)
        self._slurm()
        self._layers()

    def _slurm(self):
        accept = f"""grep -qFe "$(cat {self.folder}/refused)" <<< "$*" && {{
  echo 'sbatch: error: Batch job submission failed: Invalid qos' >&2; exit 1; }}
count=$(($(cat {self.folder}/count 2> /dev/null || echo 100) + 1))
echo $count | tee {self.folder}/count"""
        variables = ("IMAGES", "APPTAINER_BIND")
        recording(self.folder / "bin", "sbatch", self.record, accept, variables)
        recording(self.folder / "bin", "scancel", self.record)
        fake(self.folder / "bin", "squeue", f"cat {self.folder}/queue")
        fake(self.folder / "bin", "scontrol", "echo 'MaxArraySize            = 1001'")

    def _layers(self):
        self.asked = self.folder / "asked"
        for layer in ("layer1_extract", "layer3_infer"):
            answer = f"cat {self.folder}/{layer}.json"
            recording(self.folder / "bin", layer.replace("_", "-"), self.asked, answer)
        recording(self.folder / "bin", "layer2-train", self.asked, "echo resolved: settings")
        image = f"""layer=$(basename "$2" .sif)
[ "$layer" = layer2_train ] || cat {self.folder}/"$layer".json"""
        recording(self.folder / "bin", "apptainer", self.asked, image, ["APPTAINER_BIND"])

    def left(self, layer, slides=40, places=None, label="negative", *, there=True):
        """Have a layer's plan say what is not finished."""
        entries = [
            SlideEntry(f"s{n}", self.folder / "slides" / f"s{n}.tif", slide_label=label)
            for n in range(slides)
        ]
        (self.folder / "slides").mkdir(exist_ok=True)
        if there:
            (self.folder / "slides" / "s0.tif").touch()
        job = CohortJob(entries, 1, ArrayJob.of(slides, 2, 1001, places))
        text = json.dumps({"job": job.data(), "command": "x"}, indent=2)
        (self.folder / f"{layer}.json").write_text(text)

    def submit(self, *words, **environment):
        paths = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if "APPTAINER" not in name}
        done = subprocess.run(
            ["bash", SUBMIT, self.cohort.name, "--out", self.out.name, *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=kept | {"PATH": paths} | environment,
        )
        calls = recorded(self.record)
        self.record.unlink(missing_ok=True)
        return done, [call.replace(str(self.folder), "HERE") for call in calls]

    def queue(self, text):
        (self.folder / "queue").write_text(text)

    def finish(self, *names):
        for name in names:
            path = self.out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


@pytest.fixture
def login(tmp_path):
    return Login(tmp_path)


def golden(text):
    """Lines as recorded, of a text that may break them with a backslash."""
    lines = text.strip().replace("\\\n", " ").splitlines()
    return [" ".join(line.split()).replace("SLURM/", f"{SLURM}/") for line in lines]


ALL_STAGES = """
sbatch --parsable --job-name=camnet-extract '--output=HERE/my out/logs/extract-%A_%a.log' \
  --array=0-19 --export=ALL,TASKS=20 SLURM/layer1_extract.sbatch 'HERE/my cohort.csv' \
  --out 'HERE/my out/layer1' --blocks 1
sbatch --parsable --job-name=camnet-merge '--output=HERE/my out/logs/merge-%j.log' \
  --dependency=afterany:101 --kill-on-invalid-dep=yes SLURM/layer1_merge.sbatch \
  'HERE/my out/layer1' --join
sbatch --parsable --job-name=camnet-train '--output=HERE/my out/logs/train-%j.log' \
  --dependency=afterok:102 --kill-on-invalid-dep=yes SLURM/layer2_train.sbatch \
  --patches 'HERE/my out/layer1' --out 'HERE/my out/layer2'
sbatch --parsable --job-name=camnet-heatmap '--output=HERE/my out/logs/heatmap-%A_%a.log' \
  --dependency=afterok:103 --kill-on-invalid-dep=yes --array=0-19 --export=ALL,TASKS=20 \
  SLURM/layer3_infer.sbatch 'HERE/my cohort.csv' --out 'HERE/my out/layer3' --blocks 1 \
  --model 'HERE/my out/layer2/bundle'
sbatch --parsable --job-name=camnet-report '--output=HERE/my out/logs/report-%j.log' \
  --dependency=afterok:103,afterany:104 --kill-on-invalid-dep=yes SLURM/layer3_report.sbatch \
  'HERE/my out/layer3' --model 'HERE/my out/layer2/bundle' --annotations 'HERE/my cohort.csv' \
  -- --annotations 'HERE/my cohort.csv'
"""


def test_a_cohort_goes_through_all_layers(login):
    done, calls = login.submit()

    assert (done.returncode, done.stderr) == (0, "")
    assert calls == golden(ALL_STAGES)
    assert (login.out / "logs" / "jobs").read_text().split() == [
        *("extract", "101", "merge", "102", "train", "103", "heatmap", "104", "report", "105")
    ]
    assert "train: submitted, job 103, after afterok 102" in done.stdout
    watch = next(line for line in done.stdout.splitlines() if line.startswith("watch:"))
    assert shlex.split(watch)[-3:] == ["layer1-extract", "status", f"{login.out}/layer1"]


def test_a_dry_run_prints_these_lines_and_leaves_no_trace(login):
    done, calls = login.submit("--dry-run")

    assert (done.returncode, calls, login.out.exists()) == (0, [], False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("sbatch ")]
    shown = [shlex.join(shlex.split(line)) for line in lines]
    stages = ALL_STAGES
    for number, name in enumerate(("EXTRACT", "MERGE", "TRAIN", "HEATMAP"), start=101):
        stages = stages.replace(f":{number}", f":{name}")
    assert [line.replace(str(login.folder), "HERE") for line in shown] == golden(stages)


def test_options_reach_the_jobs_they_are_for(login):
    for name in ("extract.yaml", "train.yaml", "heat map.yaml"):
        (login.folder / name).touch()

    done, calls = login.submit(
        *("--extract-config", "extract.yaml", "--train-config", "train.yaml"),
        *("--heatmap-config", "heat map.yaml", "--blocks", "3", "--held-out"),
        *("--units-per-task", "2", "--max-tasks", "500", "--retry-failed"),
        *("--extract-sbatch", "--time=1:00:00 --qos=short"),
        *("--train-sbatch", "--gpus-per-node=4 --ntasks-per-node=4"),
        *("--heatmap-sbatch", "--gpus-per-node=1"),
    )

    assert done.returncode == 0, done.stderr
    assert calls == golden("""
sbatch --parsable --job-name=camnet-extract '--output=HERE/my out/logs/extract-%A_%a.log' \
  --array=0-19 --export=ALL,TASKS=20 --time=1:00:00 --qos=short SLURM/layer1_extract.sbatch \
  'HERE/my cohort.csv' --out 'HERE/my out/layer1' --blocks 3 --config HERE/extract.yaml
sbatch --parsable --job-name=camnet-merge '--output=HERE/my out/logs/merge-%j.log' \
  --dependency=afterany:101 --kill-on-invalid-dep=yes SLURM/layer1_merge.sbatch \
  'HERE/my out/layer1' --join
sbatch --parsable --job-name=camnet-train '--output=HERE/my out/logs/train-%j.log' \
  --dependency=afterok:102 --kill-on-invalid-dep=yes --gpus-per-node=4 --ntasks-per-node=4 \
  SLURM/layer2_train.sbatch --patches 'HERE/my out/layer1' --out 'HERE/my out/layer2' \
  --config HERE/train.yaml
sbatch --parsable --job-name=camnet-heatmap '--output=HERE/my out/logs/heatmap-%A_%a.log' \
  --dependency=afterok:103 --kill-on-invalid-dep=yes --array=0-19 --export=ALL,TASKS=20 \
  --gpus-per-node=1 SLURM/layer3_infer.sbatch 'HERE/my cohort.csv' --out 'HERE/my out/layer3' \
  --blocks 3 --config 'HERE/heat map.yaml' --model 'HERE/my out/layer2/bundle'
sbatch --parsable --job-name=camnet-report '--output=HERE/my out/logs/report-%j.log' \
  --dependency=afterok:103,afterany:104 --kill-on-invalid-dep=yes SLURM/layer3_report.sbatch \
  'HERE/my out/layer3' --model 'HERE/my out/layer2/bundle' --annotations 'HERE/my cohort.csv' \
  -- --annotations 'HERE/my cohort.csv' --held-out
""")
    asked = [call.replace(str(login.folder), "HERE") for call in recorded(login.asked)]
    shared = "--json --blocks 3 --max-array 1001 --max-tasks 500 --units-per-task 2 --retry-failed"
    assert asked == golden(f"""
layer2-train check --config HERE/train.yaml
layer1-extract plan 'HERE/my cohort.csv' {shared} --out 'HERE/my out/layer1' --no-look \
  --config HERE/extract.yaml
layer3-infer plan 'HERE/my cohort.csv' {shared} --out 'HERE/my out/layer3' \
  --config 'HERE/heat map.yaml'
""")


def test_a_model_needs_neither_patches_nor_training(login):
    (login.folder / "bundle").mkdir()

    done, calls = login.submit("--model", "bundle")

    assert done.returncode == 0, done.stderr
    assert [call.split()[2] for call in calls] == [
        "--job-name=camnet-heatmap",
        "--job-name=camnet-report",
    ]
    assert not any("afterok" in call for call in calls)
    assert calls[0].endswith("--blocks 1 --model HERE/bundle")
    assert "--model HERE/bundle" in calls[1]


def test_a_cohort_of_which_nothing_is_known_is_compared_with_nothing(login):
    login.left("layer3_infer", label="")

    _, calls = login.submit()

    assert calls[-1].endswith("'HERE/my out/layer3' --model 'HERE/my out/layer2/bundle'")


def test_images_are_told_of_every_folder_that_is_needed(login):
    images = login.folder / "sif"
    images.mkdir()
    for layer in ("layer1_extract", "layer2_train", "layer3_infer"):
        (images / f"{layer}.sif").touch()

    done, calls = login.submit("--images", "sif", APPTAINER_BIND="/refs:/refs:ro")

    assert done.returncode == 0, done.stderr
    folders = "/refs:/refs:ro,HERE,HERE/my out,HERE/slides"
    images = f"sbatch IMAGES=HERE/sif 'APPTAINER_BIND={folders}' --parsable"
    assert [call[: len(images)] for call in calls] == [images] * 5
    asked = [call.replace(str(login.folder), "HERE") for call in recorded(login.asked)]
    planned = [call for call in asked if "layer1_extract.sif plan" in call]
    assert [call.split("--json")[0] for call in planned] == [
        f"apptainer 'APPTAINER_BIND={known}' run HERE/sif/layer1_extract.sif plan "
        "'HERE/my cohort.csv' "
        for known in ("/refs:/refs:ro,HERE,HERE/my out", folders)
    ]


def test_the_same_line_again_submits_what_is_left_and_what_waits_for_it(login):
    login.submit()
    login.left("layer1_extract", places=[3, 17, 18, 39])

    done, calls = login.submit()

    assert done.returncode == 0, done.stderr
    assert [call.split()[2] for call in calls] == [
        f"--job-name=camnet-{stage}" for stage in ("extract", "merge", "train", "heatmap", "report")
    ]
    assert "--array=3,17-19 --export=ALL,TASKS=20" in calls[0]
    assert "--dependency=afterany:106" in calls[1]
    assert "extract: job 101 has ended, and more is to be done" in done.stdout


def test_what_is_in_the_queue_is_not_submitted_twice(login):
    login.submit()
    login.queue("101 RUNNING\n101 PENDING\n102 PENDING\n103 PENDING\n104 PENDING\n105 PENDING\n")

    done, calls = login.submit()

    assert (done.returncode, calls) == (0, [])
    assert "heatmap: in the queue, job 104" in done.stdout


def test_a_job_that_waits_for_what_is_submitted_anew_is_replaced(login):
    login.submit()
    login.left("layer1_extract", places=[5])
    login.queue("102 PENDING\n103 PENDING\n")

    done, calls = login.submit()

    assert done.returncode == 0, done.stderr
    assert [call for call in calls if "scancel" in call] == ["scancel 102", "scancel 103"]
    assert "--dependency=afterany:106" in calls[2]
    assert "--dependency=afterok:107" in calls[4]


def test_nothing_is_changed_under_a_job_at_work(login):
    login.submit()
    login.left("layer1_extract", places=[5])
    login.queue("103 RUNNING\n")

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "train: job 103 is at work on what extract is about to change" in done.stderr


def test_finished_stages_are_skipped(login):
    login.left("layer1_extract", places=[])
    login.finish("layer1/outcomes/s0.json", "layer1/slides.png", "layer2/bundle/bundle.json")
    login.left("layer3_infer", places=[4])

    done, calls = login.submit()

    assert done.returncode == 0, done.stderr
    assert [call.split()[2] for call in calls] == [
        "--job-name=camnet-heatmap",
        "--job-name=camnet-report",
    ]
    assert "afterok" not in calls[0]
    assert "--dependency=afterany:101" in calls[1]
    for stage in ("extract", "merge", "train"):
        assert f"{stage}: finished" in done.stdout
    asked = recorded(login.asked)[-1]
    assert "--model" in asked  # results are held against the model that is there


def test_a_merge_that_is_older_than_a_slide_is_done_again(login):
    login.left("layer1_extract", places=[])
    login.finish("layer1/slides.png", "layer2/bundle/bundle.json")
    os.utime(login.out / "layer1" / "slides.png", (1, 1))
    login.finish("layer1/outcomes/s0.json")

    _, calls = login.submit()

    assert calls[0].split()[2] == "--job-name=camnet-merge"
    assert "--dependency" not in calls[0]


def test_nothing_to_do_is_said(login):
    for layer in ("layer1_extract", "layer3_infer"):
        login.left(layer, places=[])
    login.finish("layer1/outcomes/s0.json", "layer1/slides.png", "layer2/bundle/bundle.json")
    login.finish("layer3/outcomes/s0.json", "layer3/report.html")

    done, calls = login.submit()

    assert (done.returncode, calls) == (0, [])
    assert done.stdout.count(": finished") == 5


def test_a_job_that_sbatch_refuses_ends_it_and_what_was_submitted_is_told(login):
    (login.folder / "refused").write_text("layer2_train.sbatch")

    done, calls = login.submit()

    assert done.returncode == 1
    assert len(calls) == 3
    assert done.stderr.splitlines() == [
        "sbatch: error: Batch job submission failed: Invalid qos",
        "error: sbatch refused the job train, as it says above",
        "Already submitted, and going on: 101 102. Mend it and give the same line again, which "
        "submits the rest; or give up: scancel 101 102",
    ]
    login.queue("101 RUNNING\n102 PENDING\n")
    (login.folder / "refused").write_text("nothing")
    _, again = login.submit()
    assert [call.split()[2] for call in again] == [
        f"--job-name=camnet-{stage}" for stage in ("train", "heatmap", "report")
    ]
    assert "--dependency=afterok:102" in again[0]


def test_an_answer_that_is_no_number_is_no_job(login):
    fake(login.folder / "bin", "sbatch", "echo 'sbatch: Job held by a filter'")

    done, _ = login.submit()

    assert done.returncode == 1
    assert (
        "error: sbatch refused the job extract, as it says above: sbatch: Job held" in done.stderr
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--train-config", "no.yaml"), "no.yaml: expected something to read"),
        (("--images", "bin"), "layer1_extract.sif: not found. make sif"),
        (("--outt", "x"), "--outt: not known"),
        (("--blocks",), "--blocks needs a value"),
    ],
)
def test_a_line_with_a_mistake_submits_nothing(login, words, message):
    done, calls = login.submit(*words)

    assert (done.returncode, calls) == (2, [])
    assert message in done.stderr


def test_slides_that_are_not_there_are_found_before_anything_is_submitted(login):
    (login.folder / "slides" / "s0.tif").unlink()
    login.left("layer1_extract", there=False)

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "none of its 40 slides is there" in done.stderr


@pytest.mark.parametrize("command", ["layer1-extract", "layer2-train"])
def test_a_configuration_that_a_layer_refuses_is_found_too(login, command):
    fake(login.folder / "bin", command, "echo 'error: seed: expected a number' >&2; exit 2")

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert done.stderr == "error: seed: expected a number\n"


def test_a_cohort_that_cannot_be_read_submits_nothing(login):
    login.cohort.unlink()

    assert login.submit()[0].returncode == 2


def test_the_layers_themselves_plan_a_cohort_whose_slides_are_anywhere(login):
    """With the real commands, and letters beyond ASCII."""
    slides = login.folder / "Schnitte für alle"
    slides.mkdir()
    (slides / "s000.tif").touch()
    rows = [f"{slides / f's{n:03}.tif'},negative\n" for n in range(400)]
    login.cohort.write_text("path,slide_label\n" + "".join(rows))
    for name in ("layer1-extract", "layer2-train", "layer3-infer"):
        fake(login.folder / "bin", name, f'exec {Path(sys.executable).with_name(name)} "$@"')
    fake(login.folder / "bin", "scontrol", "echo 'MaxArraySize            = 101'")

    done, calls = login.submit()

    assert done.returncode == 0, done.stderr
    assert "400 slides, 400 of 400 slides or parts to extract in 100 tasks" in done.stdout
    assert "--array=0-99 --export=ALL,TASKS=100" in calls[0]
    assert "--array=0-99 --export=ALL,TASKS=100" in calls[3]


def test_help_says_what_every_option_is_for():
    done = subprocess.run([SUBMIT, "--help"], capture_output=True, text=True, check=True)

    known = set(re.findall(r"^    (--[a-z-]+)", SUBMIT.read_text(), re.MULTILINE))
    assert known - {"--help"} == {one for one in known if one in done.stdout}
    assert done.stdout.startswith("  slurm/submit.sh SLIDES --out OUT")
