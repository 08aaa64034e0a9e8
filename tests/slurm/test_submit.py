"""What slurm/submit.sh submits, word for word; without a SLURM."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from fake_programs import fake, recorded
from login_node import SUBMIT, golden, without_digest

ALL_STAGES = """
sbatch --parsable --job-name=camnet-extract '--output=HERE/my out/logs/extract-%A_%a.log' \
  --array=0-19 --export=ALL,TASKS=20 SLURM/layer1_extract.sbatch COHORT \
  --out 'HERE/my out/layer1' --blocks 1
sbatch --parsable --job-name=camnet-merge '--output=HERE/my out/logs/merge-%j.log' \
  --dependency=afterany:101 --kill-on-invalid-dep=yes --export=ALL,DIGEST=GIVEN \
  SLURM/layer1_merge.sbatch 'HERE/my out/layer1' --join --cohort COHORT --max-failed 0.1
sbatch --parsable --job-name=camnet-train '--output=HERE/my out/logs/train-%j.log' \
  --dependency=afterok:102 --kill-on-invalid-dep=yes --export=ALL SLURM/layer2_train.sbatch \
  --patches 'HERE/my out/layer1' --out 'HERE/my out/layer2'
sbatch --parsable --job-name=camnet-heatmap '--output=HERE/my out/logs/heatmap-%A_%a.log' \
  --dependency=afterok:103 --kill-on-invalid-dep=yes --array=0-19 --export=ALL,TASKS=20 \
  SLURM/layer3_infer.sbatch COHORT --out 'HERE/my out/layer3' --blocks 1 \
  --model 'HERE/my out/layer2/bundle'
sbatch --parsable --job-name=camnet-report '--output=HERE/my out/logs/report-%j.log' \
  --dependency=afterok:103,afterany:104 --kill-on-invalid-dep=yes --export=ALL,DIGEST=GIVEN \
  SLURM/layer3_report.sbatch 'HERE/my out/layer3' --cohort COHORT --max-failed 0.1 \
  --model 'HERE/my out/layer2/bundle' --annotations COHORT -- --annotations COHORT
"""
NOTHING = "e3b0c44298fc1c14"  # what a configuration without a word is called


def watched(done):
    """The lines that one may type to watch the jobs."""
    lines = [line for line in done.stdout.splitlines() if line.startswith("watch:")]
    return [shlex.split(line)[1:] for line in lines]


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
    squeue, *others, _ = watched(done)
    assert squeue[:1] == ["squeue"]
    assert others == [
        ["layer1-extract", "status", f"{login.out}/layer1"],
        ["layer2-train", "status", f"{login.out}/layer2"],
        ["layer3-infer", "status", f"{login.out}/layer3"],
    ]


def test_a_dry_run_prints_these_lines_and_leaves_no_trace(login):
    done, calls = login.submit("--dry-run")

    assert (done.returncode, calls, login.out.exists()) == (0, [], False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("sbatch ")]
    shown = [shlex.join(shlex.split(line)) for line in lines]
    stages = ALL_STAGES
    for number, name in enumerate(("EXTRACT", "MERGE", "TRAIN", "HEATMAP"), start=101):
        stages = stages.replace(f":{number}", f":{name}")
    shown = [without_digest(line.replace(str(login.folder), "HERE")) for line in shown]
    assert shown == golden(stages)


def test_options_reach_the_jobs_they_are_for(login):
    for name in ("extract.yaml", "train.yaml", "heat map.yaml"):
        (login.folder / name).touch()

    done, calls = login.submit(
        *("--extract-config", "extract.yaml", "--train-config", "train.yaml"),
        *("--heatmap-config", "heat map.yaml", "--blocks", "3", "--held-out"),
        *("--units-per-task", "2", "--max-tasks", "500", "--retry-failed"),
        *("--max-failed", ".25"),
        *("--at-once", "8", "--sbatch", "--account=a\n  --mail-type=END"),
        *("--extract-sbatch", "--time=1:00:00 --qos=short"),
        *("--train-sbatch", "--gpus-per-node=4 --ntasks-per-node=4"),
        *("--heatmap-sbatch", "--gpus-per-node=1"),
    )

    assert done.returncode == 0, done.stderr
    assert calls == golden(
        """
sbatch --parsable --account=a --mail-type=END --time=1:00:00 --qos=short \
  --job-name=camnet-extract '--output=HERE/my out/logs/extract-%A_%a.log' --array=0-19%8 \
  --export=ALL,TASKS=20 SLURM/layer1_extract.sbatch COHORT --out 'HERE/my out/layer1' --blocks 3 \
  --config 'HERE/my out/logs/extract-config-NOTHING.yaml'
sbatch --parsable --account=a --mail-type=END --job-name=camnet-merge \
  '--output=HERE/my out/logs/merge-%j.log' --dependency=afterany:101 --kill-on-invalid-dep=yes \
  --export=ALL,DIGEST=GIVEN SLURM/layer1_merge.sbatch 'HERE/my out/layer1' --join --cohort COHORT \
  --max-failed .25
sbatch --parsable --account=a --mail-type=END --gpus-per-node=4 --ntasks-per-node=4 \
  --job-name=camnet-train '--output=HERE/my out/logs/train-%j.log' --dependency=afterok:102 \
  --kill-on-invalid-dep=yes --export=ALL SLURM/layer2_train.sbatch \
  --patches 'HERE/my out/layer1' --out 'HERE/my out/layer2' \
  --config 'HERE/my out/logs/train-config-NOTHING.yaml'
sbatch --parsable --account=a --mail-type=END --gpus-per-node=1 --job-name=camnet-heatmap \
  '--output=HERE/my out/logs/heatmap-%A_%a.log' --dependency=afterok:103 \
  --kill-on-invalid-dep=yes --array=0-19%8 --export=ALL,TASKS=20 SLURM/layer3_infer.sbatch COHORT \
  --out 'HERE/my out/layer3' --blocks 3 \
  --config 'HERE/my out/logs/heatmap-config-NOTHING.yaml' --model 'HERE/my out/layer2/bundle'
sbatch --parsable --account=a --mail-type=END --job-name=camnet-report \
  '--output=HERE/my out/logs/report-%j.log' --dependency=afterok:103,afterany:104 \
  --kill-on-invalid-dep=yes --export=ALL,DIGEST=GIVEN \
  SLURM/layer3_report.sbatch 'HERE/my out/layer3' --cohort COHORT --max-failed .25 \
  --model 'HERE/my out/layer2/bundle' --annotations COHORT -- --annotations COHORT --held-out
""".replace("NOTHING", NOTHING)
    )
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


def test_nothing_to_do_is_said(login):
    login.submit()
    for layer in ("layer1_extract", "layer3_infer"):
        login.left(layer, places=[])
    login.finish("layer1/outcomes/s0.json", "layer2/bundle/bundle.json")
    login.finish("layer3/outcomes/s0.json", "layer3/report.html", "layer3/evaluation.json")
    login.end_well("merge", "report")

    done, calls = login.submit()

    assert (done.returncode, calls) == (0, [])
    assert done.stdout.count(": finished") == 5


def test_watching_is_by_what_is_there(login):
    login.images()
    (login.folder / "bundle").mkdir()

    images, _ = login.submit("--images", "sif", "--dry-run")
    model, _ = login.submit("--model", "bundle", "--dry-run")

    _, extract, train, heatmap, _ = watched(images)
    image = f"{login.folder}/sif/layer1_extract.sif"
    assert extract[-5:] == ["apptainer", "run", image, "status", f"{login.out}/layer1"]
    assert extract[1].startswith("APPTAINER_BIND=")
    assert train[-3:] == [f"{login.folder}/sif/layer2_train.sif", "status", f"{login.out}/layer2"]
    assert heatmap[-2:] == ["status", f"{login.out}/layer3"]
    assert [words[0] for words in watched(model)] == ["squeue", "layer3-infer", "tail"]


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


def test_a_checkout_may_lie_anywhere_and_be_reached_by_a_link(login):
    checkout = login.folder / "my checkout" / "slurm"
    shutil.copytree(SUBMIT.parent, checkout)
    (login.folder / "links").mkdir()
    link = login.folder / "links" / "submit"
    link.symlink_to(checkout / "submit.sh")

    done, calls = login.submit(script=link)

    assert (done.returncode, done.stderr) == (0, "")
    assert all("'HERE/my checkout/slurm/layer" in call for call in calls)
    assert len(calls) == 5
