"""`containers/sif.sh` leaves whole SIF files or none, and says what it misses."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from project import ROOT

SCRIPT = ROOT / "containers" / "sif.sh"
LAYERS = ("layer1_extract", "layer2_train", "layer3_infer")

PODMAN = """#!/bin/bash
echo "$*" >> said
case "$*" in *layer2_train:broken*) echo no such image >&2; exit 125 ;; esac
"""
APPTAINER = """#!/bin/bash
[ "$1" = version ] && { echo "$VERSION"; exit; }
echo "$*" >> said
echo half > made.sif
case "$*" in *layer2_train.def*) [ -z "$FAILS" ] || { echo disk full; exit 255; } ;; esac
echo whole > made.sif
"""


@pytest.fixture
def run(tmp_path):
    """Runs the script with an engine and an Apptainer that only say what they were asked."""
    programs = tmp_path / "programs"
    programs.mkdir()
    said = tmp_path / "said"
    for name, text in (("podman", PODMAN), ("apptainer", APPTAINER)):
        (programs / name).write_text(text.replace(">> said", f">> {said}"))
        (programs / name).chmod(0o755)

    def call(*words, **settings):
        path = f"{programs}{os.pathsep}/usr/bin{os.pathsep}/bin"
        environment = {"PATH": path, "ENGINE": "podman", "VERSION": "1.4.5", **settings}
        done = subprocess.run(
            [SCRIPT, *words],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            cwd=tmp_path,
        )
        done.asked = said.read_text().splitlines() if said.exists() else []
        return done

    return call


def test_all_three_are_made_in_sif(run, tmp_path):
    done = run()

    assert done.returncode == 0, done.stderr
    found = sorted((tmp_path / "sif").iterdir())
    assert [path.name for path in found] == [f"{layer}.sif" for layer in LAYERS]
    assert {path.read_text() for path in found} == {"whole\n"}
    for layer, line in zip(LAYERS, done.stderr.splitlines(), strict=True):
        assert line.startswith(f"sif: {tmp_path}/sif/{layer}.sif: 1 MB, ")


def test_the_definition_beside_it_is_built_from_the_layer_s_image(run):
    first, second = run("made", "layer1_extract", TAG="1.0").asked

    assert first == "push --quiet --compression-format zstd camnet/layer1_extract:1.0 oci:image"
    assert second == (
        "build --disable-cache --notest --mksquashfs-args -comp zstd -Xcompression-level 3"
        " --build-arg BOOTSTRAP=oci --build-arg FROM=image made.sif"
        f" {ROOT}/containers/layer1_extract.def"
    )


def test_an_older_apptainer_is_given_an_archive(run):
    first, second = run("made", "layer1_extract", VERSION="1.3.6", COMPRESSION="gzip").asked

    assert first == (
        "save --quiet --format docker-archive --output image camnet/layer1_extract:latest"
    )
    assert "-comp gzip --build-arg BOOTSTRAP=docker-archive --build-arg FROM=image" in second


def test_for_gpus_only_the_layers_that_use_them_are_of_other_images(run, tmp_path):
    done = run("--gpu", "made", TAG="1.0")

    assert done.returncode == 0, done.stderr
    pushed = [line.split()[-2] for line in done.asked if line.startswith("push")]
    assert pushed == [
        "camnet/layer1_extract:1.0",
        "camnet/layer2_train:1.0-gpu",
        "camnet/layer3_infer:1.0-gpu",
    ]
    assert {path.name for path in (tmp_path / "made").iterdir()} == {f"{x}.sif" for x in LAYERS}


def test_what_fails_leaves_no_file_and_the_others_whole(run, tmp_path):
    failed = run("made", FAILS="1")

    assert failed.returncode == 1
    assert "disk full" in failed.stderr
    assert "sif: layer2_train.sif: expected it to be built" in failed.stderr
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["layer1_extract.sif"]


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        ((), {"ENGINE": "rkt"}, "ENGINE: expected docker, podman or buildah, found rkt"),
        ((), {"COMPRESSION": "best"}, "COMPRESSION: expected gzip, zstd, lz4 or xz, found best"),
        (("made", "layer4"), {}, "layer4: expected layer1_extract, layer2_train or layer3_infer"),
        (("made", "layer2_train"), {"TAG": "broken"}, "no such image\nsif: camnet/layer2_train:"),
        (("--gpu", "made", "layer2_train"), {"TAG": "broken"}, "Run: containers/images.sh --gpu"),
    ],
)
def test_what_is_missing_is_said(run, tmp_path, words, settings, said):
    failed = run(*words, **settings)

    assert failed.returncode == 1
    assert said in failed.stderr
    assert not list(tmp_path.glob("*/*.sif"))


def test_how_to_get_an_apptainer_is_said_where_there_is_none(run, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("bash", "dirname"):
        (bare / name).symlink_to(shutil.which(name))

    failed = run(PATH=str(bare))

    assert failed.returncode == 1
    assert "sif: expected apptainer, found none. Get it without root: https://" in failed.stderr
