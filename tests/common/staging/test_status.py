from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from common.staging.status import Status, status_of


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.svs"
    path.write_text("as it was")
    os.utime(path, ns=(1, 1))
    return path


def test_a_file_that_stays_is_the_same_however_often_it_is_read(file):
    before = status_of(file)
    file.read_text()
    os.utime(file, ns=(5, 1))

    assert status_of(file) == before


@pytest.mark.parametrize("change", ["longer", "later", "another"])
def test_a_file_that_changed_is_another(file, change):
    before = status_of(file)
    if change == "longer":
        file.write_text("as it was, and more")
        os.utime(file, ns=(1, 1))
    elif change == "later":
        os.utime(file, ns=(1, 2))
    else:
        other = file.with_name("other")
        other.write_text("as it was")
        os.utime(other, ns=(1, 1))
        other.replace(file)

    assert status_of(file) != before


@pytest.mark.parametrize(("change", "looks"), [("number", True), ("size", False), ("time", False)])
def test_a_file_looks_the_same_whatever_its_number(change, looks):
    before, other = Status(3, 1, 7), {"number": 8, "size": 4, "time": 2}[change]
    field = "modified_ns" if change == "time" else change

    assert before.looks_like(replace(before, **{field: other})) is looks


def test_what_the_system_remembers_of_a_file_is_not_asked(file, monkeypatch):
    remembered, before = file.stat(), status_of(file)
    monkeypatch.setattr(Path, "stat", lambda *_, **__: remembered)
    monkeypatch.setattr(os, "stat", lambda *_, **__: remembered)
    file.write_text("by another node")

    assert status_of(file) != before
