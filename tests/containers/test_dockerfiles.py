"""The three Dockerfiles keep the same rules: what goes in, who runs it, what is told of it."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess

import pytest
from dockerfiles import LAYERS, instructions, script, sources, stages
from project import ROOT

EVERY = pytest.mark.parametrize("layer", LAYERS)
CONTAINERS = ROOT / "containers"
SCRIPTS = (*sorted(CONTAINERS.glob("*.sh")), CONTAINERS / "horovod" / "build.sh")


@EVERY
def test_the_base_is_an_argument_and_by_default_public(layer):
    assert instructions(layer)[0] == ("ARG", "BASE=python:3.11-slim-bookworm")


@EVERY
def test_every_stage_starts_from_the_base_or_an_earlier_stage(layer):
    known = {"${BASE}", "scratch"}
    for stage in stages(layer):
        assert stage.base in known, stage
        known.add(stage.name)
    assert stages(layer)[-1].base == "${BASE}"
    assert len(stages(layer)) > 2


@EVERY
def test_what_is_copied_or_mounted_comes_from_an_earlier_stage(layer):
    known = set()
    for stage in stages(layer):
        asked = [name for _, rest in stage.steps for name in re.findall(r"\bfrom=(\w+)", rest)]
        assert set(asked) <= known, stage
        known.add(stage.name)


@EVERY
def test_only_common_and_the_layer_itself_go_in(layer):
    taken = {
        name for stage in stages(layer) for text in stage.all("COPY") for name in sources(text)
    }

    assert {name for name in taken if (ROOT / name).is_dir()} == {"common", layer}
    assert not any(sources(text) for text in stages(layer)[-1].all("COPY"))


@EVERY
def test_dependencies_come_before_sources_so_that_a_change_of_code_is_built_in_seconds(layer):
    with_sources = [
        stage for stage in stages(layer) if any("common" in t for t in stage.all("COPY"))
    ]

    assert [stage.name for stage in with_sources] == ["package"]
    assert with_sources[0].base == "dependencies"


@EVERY
def test_whoever_runs_it_is_not_root(layer):
    final = stages(layer)[-1]
    words = [word for word, _ in final.steps]

    assert final.all("USER") == ["1000:1000"]
    assert "RUN" not in words[words.index("USER") :]


@EVERY
def test_the_entry_point_is_the_command_and_its_doctor_the_health_check(layer):
    final = stages(layer)[-1]
    health = final.all("HEALTHCHECK")[0]

    assert json.loads(final.all("ENTRYPOINT")[0]) == [LAYERS[layer]]
    quick = [] if layer == "layer1_extract" else ["--quick"]  # without loading Keras each time
    assert json.loads(health[health.index("[") :]) == [LAYERS[layer], "doctor", *quick]


@EVERY
def test_the_mount_points_can_be_entered_by_anybody(layer):
    made = stages(layer)[-1].all("RUN")[0]

    assert "install -d -m 0755 /slides /patches /models /out /scratch " in made


@EVERY
def test_what_is_written_by_the_way_goes_below_tmp(layer):
    words = dict(word.split("=", 1) for word in stages(layer)[-1].all("ENV")[0].split())

    assert words["PYTHONNOUSERSITE"] == words["PYTHONDONTWRITEBYTECODE"] == "1"
    for name in ("HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR", "KERAS_HOME"):
        assert words[name].startswith("/tmp"), name


def test_the_three_end_alike():
    def end(layer):
        command = LAYERS[layer]
        steps = [(word, rest.replace(command, "COMMAND")) for word, rest in stages(layer)[-1].steps]
        return [step for step in steps if step[0] not in {"COPY", "LABEL", "HEALTHCHECK"}]

    assert end("layer1_extract") == end("layer2_train") == end("layer3_infer")


@EVERY
def test_the_labels_tell_version_and_commit(layer):
    final = stages(layer)[-1]
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', final.all("LABEL")[0]))

    assert labels.pop("title").startswith("CamNet layer")
    assert labels.pop("description")
    assert labels == {
        "version": "${VERSION}",
        "revision": "${COMMIT}",
        "licenses": "Apache-2.0",
    }
    assert "CAMNET_COMMIT=${COMMIT}" in final.all("ENV")


@EVERY
def test_what_changes_with_every_commit_comes_last(layer):
    steps = stages(layer)[-1].steps

    first = steps.index(("ARG", "VERSION=unknown"))
    assert {word for word, _ in steps[first:]} == {"ARG", "ENV", "LABEL"}


@EVERY
def test_settings_of_pip_are_mounted_never_written_into_the_image(layer):
    for stage in stages(layer):
        for run in stage.all("RUN"):
            if "environment.sh" in run:
                assert "type=secret,id=pip.conf,target=/etc/pip.conf" in run
                assert "type=secret,id=certificates.pem" in run
        assert not any("PIP_" in rest for word, rest in stage.steps if word in {"ARG", "ENV"})


@EVERY
def test_only_layer_2_has_a_compiler_and_only_while_it_is_built(layer):
    asked = [run for stage in stages(layer) for run in stage.all("RUN")]

    assert not any("apt" in script(run) for run in asked)
    assert any("environment.sh horovod" in run for run in asked) == (layer == "layer2_train")
    assert "environment.sh" not in "".join(stages(layer)[-1].all("RUN"))


@EVERY
def test_the_variant_for_gpus_is_told_wherever_packages_are_chosen(layer):
    for stage in stages(layer):
        chosen = re.search(r"environment\.sh (dependencies|horovod)", "".join(stage.all("RUN")))
        told = "DEVICE=cpu" in stage.all("ARG")
        assert told == (chosen is not None and layer != "layer1_extract"), stage


@EVERY
def test_the_ignore_file_lets_through_what_is_copied(layer):
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    kept = [line[1:] for line in lines if line.startswith("!")]
    taken = [
        name for stage in stages(layer) for text in stage.all("COPY") for name in sources(text)
    ]

    assert "*" in lines
    assert set(taken) <= set(kept)


def test_the_ignore_file_lets_nothing_else_through():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    kept = {line[1:] for line in lines if line.startswith("!")}
    taken = {
        name
        for layer in LAYERS
        for stage in stages(layer)
        for text in stage.all("COPY")
        for name in sources(text)
    }

    assert kept == taken
    assert any(fnmatch.fnmatch("common/__pycache__", line) for line in lines)


@EVERY
def test_its_shell_lines_have_no_known_trap(layer):
    lines = [script(run) for stage in stages(layer) for run in stage.all("RUN")]
    done = shellcheck("--shell=sh", "-", input="\n".join(["set -e", *lines, ""]))

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_have_no_known_trap(path):
    done = shellcheck(path)

    assert done.returncode == 0, done.stdout
    assert path.stat().st_mode & 0o111


def shellcheck(*words, **options):
    """What shellcheck says; a skip where it is absent."""
    if shutil.which("shellcheck") is None:
        pytest.skip("no shellcheck; Debian's package of that name has it")
    return subprocess.run(
        ["shellcheck", *words], capture_output=True, text=True, check=False, **options
    )
