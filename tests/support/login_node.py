"""A login node on which slurm/submit.sh runs: SLURM and the layers, as programs that record."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace

from fake_programs import fake, recorded, recording
from project import ROOT

from common.array_job import ArrayJob
from common.cohort import SlideEntry
from common.cohort_job import CohortJob

SUBMIT = ROOT / "slurm" / "submit.sh"
SLURM = ROOT / "slurm"
FOLDERS = {"merge": "layer1", "report": "layer3"}


class Login:
    """A login node: SLURM and the layers' commands, which record what they were asked."""

    def __init__(self, folder):
        self.folder, self.record = folder, folder / "calls"
        self.out, self.cohort = folder / "my out", folder / "my cohort.csv"
        self.given = {}
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

    def submit(self, *words, script=SUBMIT, **environment):
        """What became of `submit.sh` with these words, and the calls of SLURM's commands."""
        paths = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if "APPTAINER" not in name}
        done = subprocess.run(
            ["bash", script, self.cohort.name, "--out", self.out.name, *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=kept | {"PATH": paths} | environment,
        )
        calls = recorded(self.record)
        self.record.unlink(missing_ok=True)
        self.given |= dict(re.findall(r"camnet-(\w+) .*DIGEST=(\w+)", "\n".join(calls)))
        calls = [call.replace(str(self.folder), "HERE") for call in calls]
        return done, [without_digest(call) for call in calls]

    def images(self):
        folder = self.folder / "sif"
        folder.mkdir()
        for layer in ("layer1_extract", "layer2_train", "layer3_infer"):
            (folder / f"{layer}.sif").touch()
        return folder

    def queue(self, text):
        (self.folder / "queue").write_text(text)

    def end_well(self, *stages):
        """Have the latest jobs of these stages write that they ended well."""
        for stage in stages:
            self.finish(name := f"{FOLDERS[stage]}/.finished")
            (self.out / name).write_text(f"{self.given[stage]}\n")

    def finish(self, *names):
        for name in names:
            path = self.out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def without_digest(line):
    """A line without what a job is given in short, which names folders of the test."""
    return re.sub("DIGEST=[0-9a-f]{16} ", "DIGEST=GIVEN ", line)


def golden(text):
    """Lines as recorded, of a text that may break them with a backslash."""
    lines = text.strip().replace("\\\n", " ").splitlines()
    lines = [line.replace("COHORT", "'HERE/my out/logs/cohort-DIGEST.csv'") for line in lines]
    return [" ".join(line.split()).replace("SLURM/", f"{SLURM}/") for line in lines]
