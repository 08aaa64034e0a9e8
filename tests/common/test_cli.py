from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from common.cli import SCRATCH, Result, layer, overridden, run, verb
from common.config import Settings, digest
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


class Sizes(Settings):
    size: int = 4


@pytest.fixture
def logged(monkeypatch):
    """Runs one of two verbs, in a job or not; gives its log."""
    group = layer("example", "An example.")

    @verb(group, "test_cli:Sizes", overrides=overridden(edge="size"), says_where=True)
    @click.option("--edge", type=int, help="Overrides the size.")
    def work(settings) -> Result:
        """Work."""
        logging.getLogger("example").info("working")
        return Result(str(settings.size), {"sha256": digest(settings), "size": settings.size})

    @verb(group)
    def look() -> Result:
        """Look."""
        return Result("seen")

    def call(*arguments, job=""):
        monkeypatch.setitem(sys.modules, "test_cli", sys.modules[__name__])
        for name in ("SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_JOB_ID"):
            monkeypatch.delenv(name, raising=False)
        if job:
            monkeypatch.setenv("SLURM_JOB_ID", job)
        monkeypatch.setattr(sys, "argv", ["example", *arguments])
        handlers = {n: signal.getsignal(n) for n in (signal.SIGINT, *STOP_SIGNALS)}
        try:
            with pytest.raises(SystemExit):
                run(group)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    return call


def test_work_says_where_it_runs_and_with_the_settings_it_uses(logged, capsys):
    logged("work", "--edge", "8", "--json")

    said = capsys.readouterr()
    first, second = said.err.splitlines()
    assert json.loads(said.out)["size"] == 8
    assert f"software={software()!r}" in first
    assert first.endswith(f"config={json.loads(said.out)['sha256'][:12]}")
    assert second.endswith("working")


def test_a_look_says_nothing_of_the_kind_to_a_person(logged, capsys):
    logged("look")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "config", "then"),
    [
        (["look", "--log-level", "error"], "none", ""),
        (["work"], digest(Sizes())[:12], "working"),
        (["work", "--set", "sise=3"], "none", "did you mean"),
        (["work", "--unknown"], "none", "No such option"),
        (["wrok"], "none", "No such command"),
    ],
    ids=["quiet", "work", "wrong setting", "wrong option", "wrong verb"],
)
def test_in_a_job_every_log_begins_with_it_once(logged, capsys, arguments, config, then):
    logged(*arguments, job="123")

    log = capsys.readouterr().err
    first = log.splitlines()[0]
    assert "job=123" in first
    assert first.endswith(f"config={config}")
    assert log.count("host=") == 1
    assert then.lower() in log.lower()


@pytest.mark.parametrize("given", ["$NODES_OWN/mine", "${NODES_OWN}/mine", "/disk/of job 5/mine"])
def test_a_scratch_folder_may_name_a_variable_of_the_node(monkeypatch, given):
    monkeypatch.setenv("NODES_OWN", "/disk/of job 5")

    assert place(given) == Path("/disk/of job 5/mine")


@pytest.mark.parametrize("value", ["", None])
def test_a_variable_of_the_node_that_says_nothing_is_no_folder(monkeypatch, value):
    if value is None:
        monkeypatch.delenv("NODES_OWN", raising=False)
    else:
        monkeypatch.setenv("NODES_OWN", value)

    with pytest.raises(click.UsageError, match=r"expected \$NODES_OWN to be set, found nothing"):
        place("$NODES_OWN/mine")


def place(scratch):
    """What a command is given as its scratch folder."""
    command = click.Command("example", params=[], callback=lambda scratch: scratch)
    return SCRATCH(command).main(["--scratch", scratch], standalone_mode=False)
