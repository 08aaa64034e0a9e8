from __future__ import annotations

import sys

from common.doctor.child import told_by, words_of

LINES = """
import json, os, signal, sys, time
print("a library says hello")
print(json.dumps({"step": "one", "found": "works"}), flush=True)
"""


def told(more="", seconds=20.0):
    return told_by([sys.executable, "-I", "-S", "-c", LINES + more], seconds)


def test_each_step_is_told_and_what_else_is_printed_is_passed_over():
    found = told("print(json.dumps({'step': 'two', 'found': 'no'}))")

    assert found.steps == {
        "one": {"step": "one", "found": "works"},
        "two": {"step": "two", "found": "no"},
    }
    assert (found.end, found.timed_out) == ("", False)


def test_an_error_is_told_by_its_last_line():
    found = told("raise ImportError('libcuda.so')")

    assert list(found.steps) == ["one"]
    assert found.end == "ImportError: libcuda.so"


def test_a_program_for_other_processors_ends_alone():
    assert told("os.kill(os.getpid(), signal.SIGILL)").end == "ended by SIGILL"


def test_one_that_hangs_is_ended_and_what_it_told_before_counts():
    found = told("time.sleep(60)", seconds=1)

    assert found.timed_out
    assert list(found.steps) == ["one"]


def test_a_module_started_alone_has_the_standard_library_beside_it_and_no_folder_of_the_user(
    tmp_path, monkeypatch
):
    (tmp_path / "json.py").write_text("raise ImportError('of the user')")
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    found = told_by([*words_of("common.doctor.attempts", alone=True), str(tmp_path / "run")], 20)

    assert found.end == ""
    assert found.steps["place"]["there"] == str(tmp_path / "run")
