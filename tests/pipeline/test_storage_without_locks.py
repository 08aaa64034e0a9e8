"""On a file system without file locks and hard links, all three layers give the same results."""

from __future__ import annotations

import ast
import errno
import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from project import ROOT
from results_folder import assert_same_results

from layer1_extract.dataset_lock.lock_file import NAME, read_lock
from layer1_extract.phantom.cohort import make_cohort
from layer1_extract.phantom.settings import PhantomSettings
from layer3_infer.heatmap_file import read_heatmap

SUPPORT = ROOT / "tests" / "support"
SLIDES = ("patient_000_node_0", "patient_020_node_0")
TIMEOUT_S = 600
REFUSALS = ("ENOLCK", "ENOSYS", "EOPNOTSUPP")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    make_cohort(folder / "slides", PhantomSettings(slides=2, size=1024))
    return folder / "slides"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """What makes the locks and links of a process fail."""
    if shutil.which("gcc") is None:
        pytest.skip("no gcc here; Debian's package gcc brings it")
    made = tmp_path_factory.mktemp("library") / "no_locks.so"
    source = SUPPORT / "no_locks.c"
    built = ["gcc", "-Wall", "-Werror", "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"]
    subprocess.run(built, check=True)
    return made


@pytest.fixture(scope="module")
def ordinary(cohort, tmp_path_factory):
    """The results on a file system that has both."""
    return whole_way(cohort, tmp_path_factory.mktemp("ordinary"), {})


def without(library, name):
    """Variables of a process whose locks and links end in the error `name`."""
    number = str(getattr(errno, name))
    return {"LD_PRELOAD": str(library), "NO_LOCKS": number, "NO_LINKS": number}


def first_layer(cohort, out):
    """From slides to patch files that were copied and found whole."""
    small = [
        "--set",
        "patch={size: 48, mpp: 0.5}",
        "--set",
        "sampling={method: random, per_class: 16}",
    ]
    return [
        ["layer1-extract", "extract", cohort, "--out", out / "layer1", "--workers", "1", *small],
        ["layer1-extract", "merge", out / "layer1"],
        ["layer1-extract", "status", out / "layer1"],
        ["layer1-extract", "lock", out / "layer1", "--workers", "2"],
        ["layer1-extract", "verify", out / "layer1"],
        ["layer1-extract", "export", out / "layer1", "--out", out / "all.hdf5"],
    ]


def other_layers(cohort, out):
    """Checkpoints, bundle and heatmaps."""
    small = ["--set", "network={name: camnet_small}", "--set", "epochs=1", "--set", "batch_size=16"]
    split = ["--set", "split={by: patient, valid: [patient_020], test: 0}"]
    model = ["--model", out / "layer2" / "bundle"]
    results = ["--out", out / "layer3", "--workers", "1"]
    return [
        [
            "layer2-train",
            "train",
            "--patches",
            out / "layer1",
            "--out",
            out / "layer2",
            *small,
            *split,
        ],
        ["layer3-infer", "heatmap", cohort, *model, *results],
    ]


def run(lines, out, variables):
    """Commands in one process, which must all succeed."""
    script = out / "lines"
    script.write_text("".join(json.dumps(list(map(str, words))) + "\n" for words in lines))
    threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **threads, **variables}
    command = [sys.executable, str(SUPPORT / "command_lines.py"), str(script)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    assert done.returncode == 0, done.stderr


def whole_way(cohort, out, variables):
    run([*first_layer(cohort, out), *other_layers(cohort, out)], out, variables)
    return out


def locked_files(out):
    """The names in a lock."""
    files = read_lock(out / "layer1" / NAME).files
    assert sum(name.startswith("patches/") for name in files) == len(SLIDES)
    return sorted(files)


def probabilities(out, slide):
    """Every entry of a heatmap; its header says when the network was saved, too."""
    return read_heatmap(out / "layer3" / f"{slide}.heatmap.h5").heatmap.values.tobytes()


def test_the_library_refuses_what_such_a_file_system_does(library, tmp_path):
    code = (
        "import errno, fcntl, os\n"
        "file = open('a', 'w')\n"
        "for work in (lambda: fcntl.flock(file, fcntl.LOCK_SH), lambda: fcntl.lockf(file, "
        "fcntl.LOCK_EX), lambda: os.link('a', 'b')):\n"
        "    try:\n        work()\n"
        "    except OSError as error:\n        print(errno.errorcode[error.errno])\n"
    )
    environment = {**os.environ, **without(library, "ENOLCK")}
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.split() == ["ENOLCK"] * 3


@pytest.mark.slow
def test_all_layers_do_without_locks_and_links(cohort, library, ordinary, tmp_path):
    whole_way(cohort, tmp_path, without(library, "ENOLCK"))

    assert_same_results(tmp_path / "layer1", ordinary / "layer1")
    assert locked_files(tmp_path) == locked_files(ordinary)
    for slide in SLIDES:
        assert probabilities(tmp_path, slide) == probabilities(ordinary, slide)
    one, other = (folder / "layer2" / "bundle" / "model.keras" for folder in (tmp_path, ordinary))
    with zipfile.ZipFile(one) as first, zipfile.ZipFile(other) as second:
        assert first.read("model.weights.h5") == second.read("model.weights.h5")


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSALS[1:])
def test_patches_are_the_same_whichever_way_locks_are_refused(
    cohort, library, ordinary, tmp_path, name
):
    run(first_layer(cohort, tmp_path), tmp_path, without(library, name))

    assert_same_results(tmp_path / "layer1", ordinary / "layer1")
    assert locked_files(tmp_path) == locked_files(ordinary)


def calls_of_hdf5():
    """Every place where the layers open a HDF5 file, and the call; `doctor` may try a lock."""
    for package in ("common", "layer1_extract", "layer2_train", "layer3_infer"):
        paths = set((ROOT / package).rglob("*.py")) - set((ROOT / "common/doctor").rglob("*.py"))
        for path in sorted(paths):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "h5py.File":
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_no_file_of_ours_is_opened_with_a_lock():
    calls = dict(calls_of_hdf5())
    unlocked = {
        place
        for place, call in calls.items()
        if "locking=False" in {ast.unparse(keyword) for keyword in call.keywords}
    }

    assert len(calls) > 5
    assert set(calls) - unlocked == set()
