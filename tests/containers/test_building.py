"""`containers/images.sh` builds with what is there, and hands on what the caller has."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tomllib

import pytest
from fake_programs import fake, recorded, recording
from project import ROOT

LAYERS = ("layer1_extract", "layer2_train", "layer3_infer")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
TOOLS = (
    *("bash", "env", "sed", "git", "dirname", "basename", "mktemp", "mkdir", "rm", "mv", "touch"),
    *("tail", "paste", "timeout", "flock", "uname", "grep", "cat", "python3"),
)
UNREACHED = 'case "$1" in inspect | pull) exit 1 ;; esac'


@pytest.fixture
def build(tmp_path):
    """Runs a script with engines that only say what they were asked."""
    programs, record = tmp_path / "programs", tmp_path / "record"
    programs.mkdir()
    for tool in TOOLS:
        (programs / tool).symlink_to(shutil.which(tool))
    no_pip = fake(tmp_path, "no_pip", "exit 1")

    def call(*words, engines=("podman",), body="", name="images.sh", **settings):
        for engine in engines:
            recording(programs, engine, record, body)
        environment = {
            "PATH": str(programs),
            "HOME": str(tmp_path),
            "BASE": "localhost/own:base",
            "PYTHON": str(no_pip),
            **settings,
        }
        done = subprocess.run(
            [ROOT / "containers" / name, *words],
            capture_output=True,
            text=True,
            check=False,
            env={key: value for key, value in environment.items() if value},
        )
        done.builds = [shlex.split(line) for line in recorded(record)]
        done.builds = [words for words in done.builds if words[1] == "build"]
        done.said = recorded(record)
        return done

    return call


def arguments(words):
    """The build arguments of one call."""
    given = [words[place + 1] for place, word in enumerate(words) if word == "--build-arg"]
    return dict(word.split("=", 1) for word in given)


def tags(words):
    return [words[place + 1] for place, word in enumerate(words) if word == "--tag"]


def test_all_three_are_built_with_version_commit_and_base(build):
    done = build(body='case "$1" in images) echo 602 MB ;; esac')

    assert done.returncode == 0, done.stderr
    assert [tags(words)[0] for words in done.builds] == [
        f"camnet/{layer}:{VERSION}" for layer in LAYERS
    ]
    for words, layer in zip(done.builds, LAYERS, strict=True):
        given = arguments(words)
        assert given["BASE"] == "localhost/own:base"
        assert given["VERSION"] == VERSION
        assert given["COMMIT"]
        assert given["DEVICE"] == "cpu"
        assert words[words.index("--file") + 1].endswith(f"containers/{layer}.Dockerfile")
        assert f"camnet/{layer}:{VERSION}: 602 MB, built in " in done.stderr


def test_those_named_alone_are_built(build):
    assert [tags(words) for words in build("layer3_infer").builds] == [
        [f"camnet/layer3_infer:{VERSION}", "camnet/layer3_infer:latest"]
    ]


def test_the_variant_for_gpus_has_tags_of_its_own_and_layer_1_has_none(build):
    done = build("--gpu")

    assert [arguments(words)["DEVICE"] for words in done.builds] == ["cpu", "gpu", "gpu"]
    assert tags(done.builds[0])[1] == "camnet/layer1_extract:latest"
    assert tags(done.builds[1]) == [
        f"camnet/layer2_train:{VERSION}-gpu",
        "camnet/layer2_train:latest-gpu",
    ]


def test_a_layer_that_does_not_exist_is_told_how_to_call(build):
    done = build("layer4_guess")

    assert done.returncode == 2
    assert "containers/images.sh [--gpu]" in done.stderr
    assert not done.builds


def test_docker_with_a_running_engine_comes_first(build):
    done = build("layer1_extract", engines=("docker", "podman", "buildah"))

    assert done.builds[0][0] == "docker"
    assert "--isolation" not in done.builds[0]


def test_docker_without_an_engine_is_passed_over(build, tmp_path):
    dead = f'[ "$(basename "$0")" != docker ] || exit 1; touch {tmp_path}/alive'
    done = build("layer1_extract", engines=("docker", "podman"), body=dead)

    assert done.builds[0][0] == "podman"


@pytest.mark.parametrize("engine", ["podman", "buildah"])
def test_without_docker_no_namespaces_are_asked_for(build, engine):
    words = build("layer1_extract", engines=(engine,)).builds[0]

    assert words[0] == engine
    assert words[words.index("--isolation") + 1] == "chroot"
    assert words[words.index("--format") + 1] == "docker", "a health check is no part of OCI images"


def test_without_any_engine_it_says_what_to_install(build):
    done = build(engines=())

    assert done.returncode == 77
    assert "no docker with a running engine, no podman, no buildah" in done.stderr


def test_a_build_that_fails_shows_its_last_lines(build):
    body = 'case "$1" in build) echo no space left; exit 1 ;; esac'
    done = build("layer1_extract", body=body)

    assert done.returncode == 1
    assert "no space left" in done.stderr
    assert "camnet/layer1_extract: expected it to build" in done.stderr


def test_proxies_and_the_folder_of_wheels_are_handed_on(build, tmp_path):
    wheels = tmp_path / "wheels"
    done = build("layer2_train", https_proxy="http://proxy:3128", WHEELS=str(wheels))

    assert arguments(done.builds[0])["https_proxy"] == "http://proxy:3128"
    words = done.builds[0]
    assert words[words.index("--build-context") + 1] == f"wheels={wheels}"


def test_folders_that_pip_reads_are_shown_to_the_build(build, tmp_path):
    (tmp_path / "found").mkdir()
    words = build(
        "layer1_extract", PYTHON=sys.executable, PIP_FIND_LINKS=str(tmp_path / "found")
    ).builds[0]

    assert f"{tmp_path}/found:{tmp_path}/found:ro" in words
    secrets = [words[place + 1] for place, word in enumerate(words) if word == "--secret"]
    assert [secret.split(",")[0] for secret in secrets] == ["id=pip.conf", "id=certificates.pem"]


def test_docker_that_cannot_show_them_says_so(build, tmp_path):
    done = build(
        "layer1_extract", engines=("docker",), PYTHON=sys.executable, PIP_FIND_LINKS=str(tmp_path)
    )

    assert "docker shows a build no folders" in done.stderr


def test_where_no_registry_is_reached_the_base_is_made_of_debians_packages(build, tmp_path):
    made = 'while [ $# -gt 0 ]; do case "$1" in *.tar.*) echo made > "$1" ;; esac; shift; done'
    fake(tmp_path / "programs", "mmdebstrap", made)
    done = build("layer1_extract", body=UNREACHED, BASE="")

    assert done.returncode == 0, done.stderr
    assert arguments(done.builds[0])["BASE"] == "localhost/camnet/base:bookworm"
    assert any(line.startswith("podman import ") for line in done.said)


def test_a_base_is_made_once(build, tmp_path):
    archive = tmp_path / ".cache" / "camnet" / f"base-bookworm-{os.uname().machine}.tar"
    archive.parent.mkdir(parents=True)
    archive.touch()
    done = build(name="base.sh")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "localhost/camnet/base:bookworm"
    assert done.said == ["podman inspect --type image localhost/camnet/base:bookworm"]


def test_a_base_that_cannot_be_made_says_why(build, tmp_path):
    fake(tmp_path / "programs", "mmdebstrap", "echo no mirror is reached; exit 1")
    done = build(name="base.sh")

    assert done.returncode == 77
    assert "no mirror is reached" in done.stderr
    assert not list((tmp_path / ".cache" / "camnet").glob("*.tar*.[0-9]*"))
