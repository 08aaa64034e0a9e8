from __future__ import annotations

import site
import sys
from datetime import UTC, datetime

from fake_hosts import fake_host, only, states

from common.doctor.interpreter import look


def test_python_text_clock_and_variables_are_told(tmp_path):
    found = look(fake_host(tmp_path, OMP_NUM_THREADS="2", SECRET_TOKEN="x"))

    names = ["Python", "text", "clock", "variables"]
    assert states(found) == [(name, "ok") for name in names]
    assert sys.prefix in only(found, "Python").said
    assert only(found, "variables").said == "OMP_NUM_THREADS=2"


def test_a_clock_that_is_behind_the_software_is_told(tmp_path):
    found = look(fake_host(tmp_path), now=datetime(1970, 1, 1, tzinfo=UTC))

    assert only(found, "clock").state == "warning"


def test_file_names_without_accents_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")

    assert only(look(fake_host(tmp_path)), "text").advice == "set LC_ALL=C.UTF-8"


def test_packages_of_the_user_stand_in_the_way_in_a_container_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "ENABLE_USER_SITE", True)
    monkeypatch.setattr(site, "getusersitepackages", lambda: str(tmp_path))

    inside = look(fake_host(tmp_path, {"/.dockerenv": ""}))

    assert only(inside, "user packages").advice == "set PYTHONNOUSERSITE=1"
    assert "user packages" not in dict(states(look(fake_host(tmp_path / "outside"))))
