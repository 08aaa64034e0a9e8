"""What slurm/submit.sh submits, word for word; without a SLURM."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
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
        squeue = f"""echo "$*" > {self.folder}/squeue; cat {self.folder}/queue"""
        fake(self.folder / "bin", "squeue", squeue)
        fake(self.folder / "bin", "scontrol", "echo 'MaxArraySize            = 1001'")

    def _layers(self):
        self.asked = self.folder / "asked"
        for layer in ("layer1_extract", "layer3_infer"):
            answer = f"cat {self.folder}/{layer}"
            recording(self.folder / "bin", layer.replace("_", "-"), self.asked, answer)
        recording(self.folder / "bin", "layer2-train", self.asked, "echo resolved: settings")
        self.image = f"""layer=$(basename "$2" .sif)
[ "$layer" = layer2_train ] || cat "{self.folder}/$layer"
"""
        recording(self.folder / "bin", "apptainer", self.asked, self.image, ["APPTAINER_BIND"])

    def left(self, layer, slides=40, places=None, label="negative", *, there=True, **about):
        """Have a layer's plan say what is not finished."""
        entries = [
            SlideEntry(f"s{n}", self.folder / "slides" / f"s{n}.tif", slide_label=label)
            for n in range(slides)
        ]
        (self.folder / "slides").mkdir(exist_ok=True)
        if there:
            (self.folder / "slides" / "s0.tif").touch()
        job = CohortJob(entries, 1, ArrayJob.of(slides, 2, 1001, places))
        job = replace(job, **{name: frozenset(slides) for name, slides in about.items()})
        text = re.sub("cohort-[0-9a-f]+", "cohort-DIGEST", job.values())
        (self.folder / layer).write_text(f"{text}\n")

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

    def images(self):
        folder = self.folder / "sif"
        folder.mkdir()
        for layer in ("layer1_extract", "layer2_train", "layer3_infer"):
            (folder / f"{layer}.sif").touch()
        return folder

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
    lines = [line.replace("COHORT", "'HERE/my out/logs/cohort-DIGEST.csv'") for line in lines]
    return [" ".join(line.split()).replace("SLURM/", f"{SLURM}/") for line in lines]


ALL_STAGES = """
sbatch --parsable --job-name=camnet-extract '--output=HERE/my out/logs/extract-%A_%a.log' \
  --array=0-19 --export=ALL,TASKS=20 SLURM/layer1_extract.sbatch COHORT \
  --out 'HERE/my out/layer1' --blocks 1
sbatch --parsable --job-name=camnet-merge '--output=HERE/my out/logs/merge-%j.log' \
  --dependency=afterany:101 --kill-on-invalid-dep=yes --export=ALL SLURM/layer1_merge.sbatch \
  'HERE/my out/layer1' --join --cohort COHORT
sbatch --parsable --job-name=camnet-train '--output=HERE/my out/logs/train-%j.log' \
  --dependency=afterok:102 --kill-on-invalid-dep=yes --export=ALL SLURM/layer2_train.sbatch \
  --patches 'HERE/my out/layer1' --out 'HERE/my out/layer2'
sbatch --parsable --job-name=camnet-heatmap '--output=HERE/my out/logs/heatmap-%A_%a.log' \
  --dependency=afterok:103 --kill-on-invalid-dep=yes --array=0-19 --export=ALL,TASKS=20 \
  SLURM/layer3_infer.sbatch COHORT --out 'HERE/my out/layer3' --blocks 1 \
  --model 'HERE/my out/layer2/bundle'
sbatch --parsable --job-name=camnet-report '--output=HERE/my out/logs/report-%j.log' \
  --dependency=afterok:103,afterany:104 --kill-on-invalid-dep=yes --export=ALL \
  SLURM/layer3_report.sbatch 'HERE/my out/layer3' --model 'HERE/my out/layer2/bundle' \
  --annotations COHORT -- --annotations COHORT
"""


def test_a_cohort_goes_through_all_layers(login):
    done, calls = login.submit()

    assert (done.returncode, done.stderr) == (0, "")
    assert calls == golden(ALL_STAGES)
    jobs = (login.out / "logs" / "jobs").read_text().splitlines()
    assert [line.split()[:2] for line in jobs] == [
        *(["extract", "101"], ["merge", "102"], ["train", "103"]),
        *(["heatmap", "104"], ["report", "105"]),
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
        *("--at-once", "8", "--sbatch", "--account=a\n  --mail-type=END"),
        *("--extract-sbatch", "--time=1:00:00 --qos=short"),
        *("--train-sbatch", "--gpus-per-node=4 --ntasks-per-node=4"),
        *("--heatmap-sbatch", "--gpus-per-node=1"),
    )

    assert done.returncode == 0, done.stderr
    assert calls == golden("""
sbatch --parsable --account=a --mail-type=END --time=1:00:00 --qos=short \
  --job-name=camnet-extract '--output=HERE/my out/logs/extract-%A_%a.log' --array=0-19%8 \
  --export=ALL,TASKS=20 SLURM/layer1_extract.sbatch COHORT --out 'HERE/my out/layer1' --blocks 3 \
  --config HERE/extract.yaml
sbatch --parsable --account=a --mail-type=END --job-name=camnet-merge \
  '--output=HERE/my out/logs/merge-%j.log' --dependency=afterany:101 --kill-on-invalid-dep=yes \
  --export=ALL SLURM/layer1_merge.sbatch 'HERE/my out/layer1' --join --cohort COHORT
sbatch --parsable --account=a --mail-type=END --gpus-per-node=4 --ntasks-per-node=4 \
  --job-name=camnet-train '--output=HERE/my out/logs/train-%j.log' --dependency=afterok:102 \
  --kill-on-invalid-dep=yes --export=ALL SLURM/layer2_train.sbatch \
  --patches 'HERE/my out/layer1' --out 'HERE/my out/layer2' --config HERE/train.yaml
sbatch --parsable --account=a --mail-type=END --gpus-per-node=1 --job-name=camnet-heatmap \
  '--output=HERE/my out/logs/heatmap-%A_%a.log' --dependency=afterok:103 \
  --kill-on-invalid-dep=yes --array=0-19%8 --export=ALL,TASKS=20 SLURM/layer3_infer.sbatch COHORT \
  --out 'HERE/my out/layer3' --blocks 3 --config 'HERE/heat map.yaml' \
  --model 'HERE/my out/layer2/bundle'
sbatch --parsable --account=a --mail-type=END --job-name=camnet-report \
  '--output=HERE/my out/logs/report-%j.log' --dependency=afterok:103,afterany:104 \
  --kill-on-invalid-dep=yes --export=ALL SLURM/layer3_report.sbatch 'HERE/my out/layer3' \
  --model 'HERE/my out/layer2/bundle' --annotations COHORT -- --annotations COHORT --held-out
""")
    asked = [call.replace(str(login.folder), "HERE") for call in recorded(login.asked)]
    shared = "--values --blocks 3 --max-array 1001"
    cut = "--max-tasks 248 --units-per-task 2 --retry-failed"
    assert asked == golden(f"""
layer2-train check --config HERE/train.yaml --out 'HERE/my out/layer2'
layer1-extract plan 'HERE/my cohort.csv' {shared} --out 'HERE/my out/layer1' {cut} \
  --freeze 'HERE/my out/logs' --no-look --config HERE/extract.yaml
layer3-infer plan COHORT {shared} --out 'HERE/my out/layer3' {cut} --config 'HERE/heat map.yaml'
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
    login.images()

    done, calls = login.submit("--images", "sif", APPTAINER_BIND="/refs:/refs:ro")

    assert done.returncode == 0, done.stderr
    folders = "/refs:/refs:ro,HERE,HERE/my out,HERE/slides"
    images = f"sbatch IMAGES=HERE/sif 'APPTAINER_BIND={folders}' --parsable"
    assert [call[: len(images)] for call in calls] == [images] * 5
    asked = [call.replace(str(login.folder), "HERE") for call in recorded(login.asked)]
    planned = [call for call in asked if "layer1_extract.sif plan" in call]
    assert [call.split("--values")[0] for call in planned] == [
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


def test_a_job_whose_number_cannot_be_read_is_told(login):
    fake(login.folder / "bin", "sbatch", "echo 'sbatch: Job held by a filter'")

    done, _ = login.submit()

    assert done.returncode == 1
    assert done.stderr == (
        "error: sbatch may have taken the job extract, but named no number: sbatch: Job held by a "
        "filter. Look for it with squeue --name=camnet-extract, and scancel it\n"
    )


def test_what_a_site_has_sbatch_say_beside_the_number_is_passed_over(login):
    fake(login.folder / "bin", "sbatch", "echo 'Account 12: 7 hours left'; echo '55;here'; echo")

    done, _ = login.submit()

    assert (done.returncode, done.stderr) == (0, "")
    assert "merge: submitted, job 55, after afterany 55" in done.stdout


def test_percent_signs_in_a_folder_are_no_pattern_of_sbatch(login):
    login.out = login.folder / "100%j"

    _, calls = login.submit()

    assert "--output=HERE/100%%j/logs/merge-%j.log" in calls[1]
    assert calls[1].endswith("HERE/100%j/layer1 --join --cohort HERE/100%j/logs/cohort-DIGEST.csv")


def test_the_queue_is_asked_for_jobs_of_every_user(login):
    login.submit()

    names = ",".join(f"camnet-{one}" for one in ("extract", "merge", "train", "heatmap", "report"))
    assert (login.folder / "squeue").read_text() == f"--noheader --name={names} --format=%F %T\n"


def test_two_at_once_would_submit_everything_twice(login):
    guard = login.out / "logs" / "submitting"
    guard.mkdir(parents=True)
    (guard / "who").write_text("anna on login2, process 7, since 2024-01-01 10:00:00\n")

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "at work on" in done.stderr
    assert "anna on login2, process 7, since 2024" in done.stderr
    advice = shlex.split(done.stderr.rpartition("where it died: ")[2])
    subprocess.run(advice, check=True)
    assert login.submit()[0].returncode == 0
    assert not guard.exists()


def test_a_job_that_ended_before_it_could_be_cancelled_is_replaced_all_the_same(login):
    login.submit()
    login.left("layer1_extract", places=[5])
    login.queue("102 PENDING\n")
    recording(login.folder / "bin", "scancel", login.record, "exit 1")

    done, calls = login.submit()

    assert done.returncode == 0, done.stderr
    assert [call.split()[2] for call in calls if "sbatch" in call] == [
        f"--job-name=camnet-{stage}" for stage in ("extract", "merge", "train", "heatmap", "report")
    ]


@pytest.mark.parametrize("what", ["cohort", "configuration", "images"])
def test_what_is_in_the_queue_must_be_of_the_same_cohort_and_configuration(login, what):
    config = login.folder / "e.yaml"
    config.write_text("seed: 1\n")
    login.submit("--extract-config", "e.yaml")
    login.queue("101 PENDING\n")
    same, _ = login.submit("--extract-config", "e.yaml")
    words = []
    if what == "cohort":
        text = (login.folder / "layer1_extract").read_text()
        (login.folder / "layer1_extract").write_text(text.replace("DIGEST", "OTHER"))
    elif what == "configuration":
        config.write_text("seed: 2\n")
    else:
        words = ["--images", str(login.images())]

    done, calls = login.submit("--extract-config", "e.yaml", *words)

    assert "extract: in the queue, job 101" in same.stdout
    assert (done.returncode, calls) == (2, [])
    assert "extract: job 101 in the queue was given other slides" in done.stderr
    assert "scancel 101" in done.stderr


def finished_training(login):
    login.left("layer1_extract", places=[])
    login.finish("layer1/outcomes/s0.json", "layer1/slides.png", "layer1/patches/s0.h5")
    login.finish("layer2/splits.csv", "layer2/bundle/bundle.json")


@pytest.mark.parametrize("about", [{"new": {"s7"}}, {"changed": {"s7"}}])
def test_a_model_that_does_not_know_slides_is_not_used_for_them(login, about):
    finished_training(login)
    login.left("layer1_extract", places=[7], **about)

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "layer2 was trained without 1 slides that are new, changed or tried again" in done.stderr
    assert f"--model '{login.out}/layer2/bundle'".replace("'", "") in done.stderr.replace("\\", "")


def test_a_patch_file_that_was_lost_is_made_again_and_training_makes_sure_of_it(login):
    finished_training(login)
    login.left("layer1_extract", places=[7])
    login.left("layer3_infer", places=[])

    done, calls = login.submit()

    assert done.returncode == 0, done.stderr
    assert [call.split()[2] for call in calls] == [
        f"--job-name=camnet-{stage}" for stage in ("extract", "merge", "train", "report")
    ]
    assert "the job only makes sure that it is of these patches" in done.stdout


@pytest.mark.parametrize("status", [0, 2])
def test_layer_2_looks_at_patches_that_are_newer_than_the_model(login, status):
    finished_training(login)
    os.utime(login.out / "layer2" / "bundle" / "bundle.json", (1, 1))
    body = f'[[ "$*" != *--patches* ]] || {{ echo "error: others" >&2; exit {status}; }}'
    recording(login.folder / "bin", "layer2-train", login.asked, body)

    done, calls = login.submit()

    looked = "--patches 'HERE/my out/layer1' --out 'HERE/my out/layer2'"
    asked = [call.replace(str(login.folder), "HERE") for call in recorded(login.asked)]
    assert f"layer2-train check {looked}" in asked
    assert (done.returncode, bool(calls)) == (status, not status)
    assert ("is not of the patches" in done.stderr) is bool(status)


def test_a_model_of_another_configuration_is_refused(login):
    finished_training(login)
    fake(login.folder / "bin", "layer2-train", '[[ "$*" != *--out* ]] || exit 2')

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])


def test_slides_that_were_taken_out_of_the_cohort_are_not_trained_on(login):
    login.left("layer1_extract", places=[1], strangers={"s98", "s99"})

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "has patches of 2 slides that" in done.stderr
    assert "lacks: s98 s99. Nothing may be trained on them unasked" in done.stderr
    advice = shlex.split(done.stderr.rpartition("aside: ")[2])
    assert advice == [
        *("layer1-extract", "merge", f"{login.out}/layer1", "--cohort", str(login.cohort)),
        "--set-others-aside",
    ]


def test_heatmaps_of_a_model_that_was_taken_away_are_not_mixed_with_those_of_the_next(login):
    login.finish("layer3/run.json")

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "layer3 has heatmaps of a model that is no longer in" in done.stderr


def test_all_submits_every_task(login):
    login.left("layer1_extract", places=[3])

    _, calls = login.submit("--all")

    assert "--array=0-19 --export=ALL,TASKS=20" in calls[0]


def test_a_chain_of_links_is_followed_through_folders_that_come_to_be_seen(login):
    login.images()
    seen = ["/hop1", "/hop2", "/hop3"]
    rules = "\n".join(
        f'[[ "$APPTAINER_BIND" == *{before}* ]] && echo "folders {after}"'
        for before, after in zip(["my", *seen], seen, strict=False)
    )
    recording(login.folder / "bin", "apptainer", login.asked, f"{login.image}\n{rules}\ntrue")

    done, calls = login.submit("--images", "sif")

    assert done.returncode == 0, done.stderr
    assert all(hop in calls[0] for hop in seen)


def test_watching_is_by_what_is_there(login):
    login.images()
    (login.folder / "bundle").mkdir()

    images, _ = login.submit("--images", "sif", "--dry-run")
    model, _ = login.submit("--model", "bundle", "--dry-run")

    watch = next(line for line in images.stdout.splitlines() if line.startswith("watch:"))
    image = f"{login.folder}/sif/layer1_extract.sif"
    assert shlex.split(watch)[-5:] == ["apptainer", "run", image, "status", f"{login.out}/layer1"]
    assert "APPTAINER_BIND=" in watch
    assert "layer1" not in model.stdout


def test_a_cluster_without_array_jobs_is_told(login):
    fake(login.folder / "bin", "scontrol", "echo 'MaxArraySize            = 0'")

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "MaxArraySize is 0: this cluster takes no array jobs" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--train-config", "no.yaml"), "no.yaml: expected something to read"),
        (("--images", "bin"), "layer1_extract.sif: not found. make sif"),
        (("--outt", "x"), "--outt: not known"),
        (("--blocks",), "--blocks needs a value"),
        (("--blocks", "x"), "--blocks: expected a number greater than 0, found x"),
        (("--max-tasks", "4"), "--max-tasks: expected at least 5 jobs, found 4"),
        (("--sbatch", "--comment='a b'"), "--sbatch: expected words without quotes"),
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
