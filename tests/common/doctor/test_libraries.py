from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError

import pytest
from project import ROOT

from common.doctor import libraries
from common.doctor.libraries import Wanted, compared, look

KERAS = Wanted("keras", ">=3.10", "train")


@pytest.mark.parametrize(
    ("versions", "found", "fits"),
    [
        ("", "0.1", True),
        (">=4", "4.0.1.2", True),
        (">=4", "3.4.1", False),
        (">=3,<4", "3.99", True),
        ("<2.1", "2.1.0", False),
        ("<2.1", "2.0.43", True),
        (">=1.4", "1.10", True),
        ("==2.0", "2", True),
        ("!=2.0", "2.0.0", False),
        ("~=2.0", "2.5", True),
        (">=3.10", "3.10.0rc1", True),
    ],
)
def test_versions_are_compared_number_by_number(versions, found, fits):
    assert Wanted("x", versions).takes(found) == fits


def test_every_requirement_of_this_project_is_understood():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    for text in project["dependencies"]:
        wanted = Wanted.parse(text)
        assert wanted.name + wanted.versions == text
    for extra, texts in project["optional-dependencies"].items():
        for text in texts:
            assert Wanted.parse(f'{text}; extra == "{extra}"').extra == extra


def test_libraries_that_fit_are_one_line_and_each_other_is_one():
    there = {"numpy": "2.4", "keras": "3.9", "tensorflow": "2.21"}
    wanted = [Wanted("numpy"), KERAS, Wanted("tensorflow-cpu", "", "train"), Wanted("h5py")]

    fit, old, missing = compared(wanted, "train", lambda name: there.get(name, ""))

    assert (fit.state, fit.said) == ("ok", "2 libraries as asked for: numpy 2.4, tensorflow 2.21")
    assert (old.state, old.said) == ("failed", "keras 3.9 is installed, >=3.10 is asked for")
    assert (missing.said, missing.advice) == ("h5py is missing", "pip install 'camnet[train]'")


def test_what_is_missing_names_the_extra_that_brings_it():
    _, missing = compared([KERAS], "infer", lambda _: "")

    assert (missing.said, missing.advice) == (
        "keras>=3.10 is missing",
        "pip install 'camnet[train]'",
    )


def test_the_libraries_of_this_environment_are_as_asked_for():
    assert [finding.state for finding in look("extract")] == ["ok", "ok"]


def test_without_an_installation_nothing_is_known(monkeypatch):
    def absent(_):
        raise PackageNotFoundError("camnet")

    monkeypatch.setattr(libraries, "requires", absent)

    (found,) = look("train")

    assert (found.state, found.advice) == ("warning", "pip install '.[train]' in its folder")
