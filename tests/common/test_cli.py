from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import click
import pytest

from common.cli import Result, layer, run, verb
from common.errors import SlideError
from common.provenance import software
from common.stopping import STOP_SIGNALS


@pytest.fixture
def program(monkeypatch):
    """Runs a program of one verb; gives its exit status."""
    group = layer("example", "An example.")

    @verb(group)
    @click.argument("word")
    def say(word: str) -> Result:
        """Say a word."""
        if word == "bad":
            raise SlideError("bad.tif: format: expected a slide, found a word")
        return Result(word, {"word": word}, 3 if word == "half" else 0)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["example", *arguments])
        previous = {number: signal.getsignal(number) for number in (signal.SIGINT, *STOP_SIGNALS)}
        try:
            with pytest.raises(SystemExit) as left:
                run(group)
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        return left.value.code

    return call


def test_a_result_is_text_for_people_and_json_for_scripts(program, capsys):
    assert program("say", "hello") == 0
    assert capsys.readouterr().out == "hello\n"

    assert program("say", "hello", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"word": "hello"}


def test_a_result_with_failures_still_prints_and_leaves_with_their_status(program, capsys):
    assert program("say", "half") == 3
    assert capsys.readouterr().out == "half\n"


def test_an_error_a_user_can_act_on_is_one_line_and_its_status(program, capsys):
    assert program("say", "bad") == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "error: bad.tif: format: expected a slide, found a word\n"


def test_a_process_that_died_is_no_quiet_end():
    code = """
from common.cli import Result, layer, run, verb
group = layer("example", "An example.")
@verb(group)
def talk() -> Result:
    "Talk."
    raise BrokenPipeError(32, "Broken pipe")
run(group)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "talk"], check=False, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert "another process ended" in done.stderr


def test_wrong_usage_leaves_with_2(program, capsys):
    assert program("sya", "x") == 2
    assert program("say") == 2
    assert "Missing argument" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--version"], ["say", "--version"]])
def test_the_version_is_told_everywhere(program, capsys, arguments):
    assert program(*arguments) == 0
    assert capsys.readouterr().out == f"{software()}\n"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1"])
def test_a_request_to_stop_ends_with_75_after_cleaning_up(tmp_path, name):
    code = f"""
import os, signal
from pathlib import Path
from common.cli import Result, layer, run, verb
from common.files import whole_file
group = layer("example", "An example.")
@verb(group)
def wait() -> Result:
    "Wait."
    with whole_file(Path({str(tmp_path)!r}) / "result") as partial:
        partial.write_text("half")
        os.kill(os.getpid(), signal.{name})
        signal.pause()
run(group)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "wait"], check=False, capture_output=True, text=True
    )

    assert done.returncode == 75, done.stderr
    assert "goes on from what is finished" in done.stderr
    assert os.listdir(tmp_path) == []
