from __future__ import annotations

import csv
import io
import json
import signal
import socket
from contextlib import suppress
from dataclasses import replace

import pytest

from common.errors import ContractError, Interrupted, SlideError
from common.outcomes import (
    DATASET_LOCK,
    Outcome,
    as_csv,
    attempt,
    exit_status,
    forget,
    held,
    note_seen,
    read_outcome,
    read_outcomes,
    summary,
    write_outcome,
)
from common.stopping import stop


def failing(error):
    def work():
        raise error

    return work


def test_a_slide_that_fails_is_an_outcome_with_its_reason():
    outcome = attempt("s", failing(SlideError("s.tif: format: expected a slide")))

    assert (outcome.status, outcome.exit_status) == ("failed", 3)
    assert outcome.reason == "s.tif: format: expected a slide"


def test_a_bug_in_one_slide_is_said_to_be_a_bug_and_spares_the_others(caplog):
    outcome = attempt("s", failing(ZeroDivisionError("oops")))

    assert (outcome.status, outcome.exit_status) == ("failed", 1)
    assert "ZeroDivisionError: oops. This is a bug" in outcome.reason
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("error", [SlideError("s.tif: format: no slide"), ValueError("odd")])
def test_a_slide_whose_files_cannot_be_read_here_is_out_of_reach_of_this_host(error, tmp_path):
    there = tmp_path / "s.tif"
    there.write_bytes(b"broken")

    away = attempt("s", failing(error), [there, tmp_path / "gone.xml"])
    broken = attempt("s", failing(error), [there])

    assert (away.status, away.exit_status) == ("failed", 3)
    assert (away.out_of_reach, broken.out_of_reach) == (socket.gethostname(), "")
    assert "This is a bug" not in away.reason
    assert f"  failed s, out of reach of {away.out_of_reach}: " in summary([away])


def test_being_asked_to_stop_is_not_a_failure_of_the_slide():
    with pytest.raises(Interrupted):
        attempt("s", failing(Interrupted("stopped by SIGTERM")))


def test_a_bug_outranks_every_other_status():
    outcomes = [Outcome(str(s), "failed", exit_status=s) for s in (3, 1, 4)]

    assert exit_status(outcomes) == 1
    assert exit_status(outcomes[::2]) == 4
    assert exit_status([]) == 0


def test_what_is_written_is_read_back(tmp_path):
    outcome = Outcome("ü b", "empty", "no tissue", {"kept": 0}, 1.5)
    write_outcome(tmp_path, outcome)

    assert read_outcome(tmp_path, "ü b") == outcome
    assert read_outcomes(tmp_path) == [outcome]
    assert read_outcome(tmp_path, "other") is None


@pytest.mark.parametrize("text", ["", "{}", "[]", "[" * 99_999, '{"slide_id": 1}', "nonsense"])
def test_a_file_that_is_no_outcome_is_named(tmp_path, text):
    (tmp_path / "outcomes").mkdir()
    (tmp_path / "outcomes" / "s.json").write_text(text)

    with pytest.raises(ContractError, match=r"s\.json: outcome"):
        read_outcome(tmp_path, "s")


def test_an_outcome_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "outcomes" / "s.json").mkdir(parents=True)

    with pytest.raises(ContractError, match=r"s\.json: outcome"):
        read_outcome(tmp_path, "s")


def test_the_summary_ends_with_the_failures():
    said = summary(
        [
            Outcome("a", "failed", "why"),
            Outcome("b", "done"),
            Outcome("c", "empty", "e"),
            Outcome("d", "done", "3 of 5 tumor"),
        ]
    )

    assert said.splitlines() == [
        "4 slides: 2 done, 1 empty, 1 failed",
        "  done d: 3 of 5 tumor",
        "  empty c: e",
        "  failed a: why",
    ]


def test_the_table_has_a_column_per_count():
    text = as_csv([Outcome("a", "done", counts={"kept": 3}), Outcome("b", "done", 'x, "y"')])

    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["kept"] for row in rows] == ["3", ""]
    assert rows[1]["reason"] == 'x, "y"'


def test_a_forgotten_slide_has_no_outcome_and_may_be_forgotten_twice(tmp_path):
    write_outcome(tmp_path, Outcome("a", "done"))

    for _ in range(2):
        forget(tmp_path, "a")

    assert read_outcome(tmp_path, "a") is None


def test_an_outcome_of_an_older_version_has_nothing_to_note(tmp_path):
    write_outcome(tmp_path, Outcome("a", "done"))
    path = tmp_path / "outcomes" / "a.json"
    values = json.loads(path.read_text())
    for name in ("suspect", "notes", "seen", "out_of_reach"):
        del values[name]
    path.write_text(json.dumps(values))

    assert read_outcome(tmp_path, "a") == Outcome("a", "done")


def test_what_is_odd_about_a_slide_is_said():
    odd = Outcome("a", "done", suspect="all of it is tissue", notes=["one of two scanners"])

    assert summary([odd]).splitlines()[1:] == [
        "  a: suspect: all of it is tissue",
        "  a: one of two scanners",
    ]


def test_parts_of_a_slide_have_outcomes_of_their_own(tmp_path):
    parts = [Outcome("a", "done", part=part, parts=2) for part in (0, 1)]
    for outcome in parts:
        write_outcome(tmp_path, outcome)

    assert read_outcomes(tmp_path) == parts
    assert read_outcome(tmp_path, "a.part-1-of-2") == parts[1]
    assert read_outcome(tmp_path, "a") is None
    assert summary(parts).startswith("2 parts of 1 slides: 2 done")


def test_an_error_that_a_request_to_stop_became_is_no_outcome(monkeypatch):
    def swallow():
        with suppress(Interrupted):
            stop(signal.SIGTERM)
        raise ValueError("argument 1")

    monkeypatch.setattr("common.stopping._heard", [])
    with pytest.raises(Interrupted, match="SIGTERM"):
        attempt("s", swallow)
    with pytest.raises(Interrupted, match="SIGTERM"):
        attempt("t", lambda: Outcome("t", "done"))


def test_what_is_done_ahead_gives_its_value_or_its_error_when_asked():
    given, broken = held(lambda: 3), held(failing(SlideError("slide.tif: broken")))

    assert given() == 3
    assert broken.error is not None
    with pytest.raises(SlideError, match="broken"):
        broken()


def test_a_stop_is_not_held_back():
    with pytest.raises(Interrupted):
        held(failing(Interrupted("stopped")))


def test_what_files_are_by_now_is_noted_where_it_is_other_and_can_be_written(tmp_path):
    outcome = Outcome("a", "done", seen={"slide": [1, 2]})
    note_seen(tmp_path, outcome, outcome.seen)
    unwritten = read_outcome(tmp_path, "a")
    note_seen(tmp_path, outcome, {"slide": [1, 3]})
    (tmp_path / "file").touch()
    note_seen(tmp_path / "file", outcome, {})
    (tmp_path / DATASET_LOCK).touch()
    note_seen(tmp_path, outcome, {"slide": [1, 4]})
    note_seen(tmp_path / "below", outcome, {"slide": [1, 4]})

    assert unwritten is None
    assert read_outcome(tmp_path, "a") == replace(outcome, seen={"slide": [1, 3]})
    assert not (tmp_path / "below").exists()
