"""The images run as anybody, write where they are told to, and find what the plain way finds."""

from __future__ import annotations

import json

import h5py
import image_runs
import pytest
from comparing import assert_equal, content, same_heatmaps

pytestmark = pytest.mark.usefixtures("images")

EVERY = pytest.mark.parametrize("layer", image_runs.LAYERS)
MOUNTS = ("/slides", "/patches", "/models", "/out", "/scratch")
SOFTWARE = {
    "layer1_extract": ("scipy", "openslide"),
    "layer2_train": ("tensorflow", "keras", "horovod"),
    "layer3_infer": ("tensorflow", "keras", "openslide", "lime", "tf_keras_vis"),
}
FOREIGN = {"layer1_extract": ("tensorflow", "keras", "horovod"), "layer3_infer": ("horovod",)}
DEVELOPMENT = ("pytest", "ruff", "pip")


def test_the_patches_are_those_of_the_plain_environment(through_images, plain):
    assert_equal(content(through_images.patches), content(plain.patches))


def test_the_heatmaps_of_one_model_are_those_of_the_plain_environment(through_images, plain):
    same_heatmaps(through_images.heatmaps, plain.heatmaps, plain.slides)


def test_the_report_is_written(through_images):
    page = through_images.heatmaps / "report.html"
    assert through_images.slides[0] in page.read_text(encoding="utf-8")


def test_results_belong_to_whoever_ran_it(through_images):
    one, other = image_runs.USERS
    assert image_runs.owners(through_images.cohort) == {(one, one)}
    assert image_runs.owners(through_images.patches) == {(other, other)}
    assert image_runs.owners(through_images.model.parent) == {(one, one)}
    assert image_runs.owners(through_images.heatmaps) == {(other, other)}


def test_results_tell_version_and_commit_of_the_image(through_images):
    said = software("layer1_extract")
    with h5py.File(next(through_images.patches.glob("patches/*.h5"))) as file:
        assert file.attrs["software"] == said
    record = json.loads((through_images.heatmaps / "run.json").read_text(encoding="utf-8"))
    assert record["software"] == software("layer3_infer")


def software(layer):
    """What the labels of an image say that its results shall tell."""
    labels = image_runs.inspected(layer)["Config"]["Labels"]
    version = labels["org.opencontainers.image.version"]
    return f"camnet {version} ({labels['org.opencontainers.image.revision']})"


@EVERY
def test_the_command_tells_what_the_labels_tell(layer):
    assert software(layer) in image_runs.done(layer, "--version").stdout


@EVERY
def test_an_image_holds_its_own_layer_and_no_other(layer):
    others = [name for name in image_runs.LAYERS if name != layer]
    absent = (*others, *FOREIGN.get(layer, ()), *DEVELOPMENT)
    present = (layer, "common", *SOFTWARE[layer])
    found = importable(layer, (*present, *absent))
    assert found == dict.fromkeys(present, True) | dict.fromkeys(absent, False)


@EVERY
def test_an_import_of_another_layer_fails(layer):
    other = next(name for name in image_runs.LAYERS if name != layer)
    failed = image_runs.python(layer, f"import {other}.cli")
    assert failed.returncode == 1
    assert f"No module named '{other}'" in failed.stderr


def importable(layer, names):
    program = f"""
import json
from importlib.util import find_spec
print(json.dumps({{name: find_spec(name) is not None for name in {names!r}}}))"""
    return json.loads(image_runs.python(layer, program).stdout)


@EVERY
def test_an_image_is_described_as_it_runs(layer):
    said = image_runs.inspected(layer)
    config, command = said["Config"], layer.replace("_", "-")
    assert config["Entrypoint"] == [command]
    assert config["User"].split(":")[0] == "1000"
    assert said["Healthcheck"]["Test"][:3] == ["CMD", command, "doctor"]


@EVERY
def test_nothing_of_the_image_can_be_written(layer):
    program = """
import os
folders = [f"/{name}" for name in os.listdir("/")] + [os.path.dirname(os.__file__)]
print(sorted(path for path in folders if os.path.isdir(path) and os.access(path, os.W_OK)))"""
    for user in image_runs.USERS:
        assert image_runs.python(layer, program, user=user).stdout.strip() == "['/tmp']"


@EVERY
def test_the_places_to_mount_on_are_there(layer):
    program = f"import os; print(all(os.path.isdir(path) for path in {MOUNTS!r}))"
    assert image_runs.python(layer, program).stdout.strip() == "True"


@EVERY
def test_the_doctor_finds_it_well(layer, tmp_path):
    out = image_runs.writable(tmp_path / "out", 4321)
    well = image_runs.run(layer, "doctor", "--out", "/out", mounts={"/out": out}, user=4321)
    assert well.returncode == 0, well.stdout + well.stderr
    assert list(out.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(through_images, tmp_path):
    out = image_runs.writable(tmp_path / "out", 1000)
    out.chmod(0o755)
    for mount, user in ((out, 4321), (f"{out}:ro", 1000)):
        mounts = {"/slides": f"{through_images.cohort}:ro", "/out": mount}
        words = ("extract", "/slides", "--out", "/out")
        refused = image_runs.run("layer1_extract", *words, mounts=mounts, user=user)
        assert refused.returncode not in (0, 3), refused.stderr
        assert "/out" in refused.stderr
        assert "Traceback" not in refused.stderr
    assert list(out.iterdir()) == []


def test_a_forgotten_mount_is_refused_before_any_work(through_images):
    mounts = {"/slides": f"{through_images.cohort}:ro"}
    refused = image_runs.run("layer1_extract", "extract", "/slides", "--out", "/out", mounts=mounts)
    assert refused.returncode not in (0, 3)
    assert "/out" in refused.stderr


def test_a_link_whose_target_is_not_mounted_is_explained(through_images, tmp_path):
    slides = tmp_path / "slides"
    slides.mkdir()
    for slide in through_images.cohort.glob("centre_0/*.tif"):
        (slides / slide.name).symlink_to(slide)
    out = image_runs.writable(tmp_path / "out", 1000)
    mounts = {"/slides": f"{slides}:ro", "/out": out}

    told = image_runs.run("layer1_extract", "doctor", "--slides", "/slides", mounts=mounts)
    failed = image_runs.run("layer1_extract", "extract", "/slides", "--out", "/out", mounts=mounts)

    assert told.returncode != 0
    assert f"is a link to {through_images.cohort}" in told.stdout
    assert failed.returncode == 3
    assert "/slides/patient_000_node_0.tif: bytes: expected a file" in failed.stdout
