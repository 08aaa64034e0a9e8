"""The copies of configurations that submit.sh gives to jobs."""

from __future__ import annotations

import hashlib

import pytest


def copies(login):
    return {path.name: path.read_text() for path in login.out.glob("logs/*.yaml")}


def test_what_a_configuration_says_later_does_not_reach_the_jobs(login):
    given = login.folder / "my config.yaml"
    given.write_text("seed: 1\n")

    done, calls = login.submit("--train-config", given.name)
    given.write_text("seed: 2\n")

    assert done.returncode == 0, done.stderr
    name = f"train-config-{hashlib.sha256(b'seed: 1' + bytes([10])).hexdigest()[:16]}.yaml"
    assert calls[2].endswith(f"--config 'HERE/my out/logs/{name}'")
    assert copies(login) == {name: "seed: 1\n"}


def test_the_same_words_have_the_same_copy_and_others_another(login):
    given = login.folder / "heatmap.yaml"
    for text in ("seed: 1\n", "seed: 1\n", "seed: 2\n"):
        given.write_text(text)
        login.submit("--heatmap-config", given.name)

    assert sorted(copies(login).values()) == ["seed: 1\n", "seed: 2\n"]


def test_a_copy_that_somebody_changed_is_made_anew(login):
    given = login.folder / "extract.yaml"
    given.write_text("seed: 1\n")
    login.submit("--extract-config", given.name)
    next(login.out.glob("logs/*.yaml")).write_text("seed: 3\n")

    login.submit("--extract-config", given.name)

    assert list(copies(login).values()) == ["seed: 1\n"]


@pytest.mark.parametrize("words", [("--dry-run",), ()])
def test_a_configuration_that_is_no_file_submits_nothing(login, words):
    (login.folder / "configs").mkdir()

    done, calls = login.submit("--extract-config", "configs", *words)

    assert (done.returncode, calls) == (2, [])
    assert "configs: expected a file" in done.stderr
