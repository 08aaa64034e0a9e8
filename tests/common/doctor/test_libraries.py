from __future__ import annotations

from importlib.metadata import PackageNotFoundError

from common.doctor import libraries
from common.doctor.libraries import compared, look
from common.doctor.requirement import Requirement

KERAS = Requirement("keras", ">=3.10", "train")


def test_libraries_that_fit_are_one_line_and_each_other_is_one():
    there = {"numpy": "2.4", "keras": "3.9", "tensorflow": "2.21"}
    wanted = [
        Requirement("numpy"),
        KERAS,
        Requirement("tensorflow-cpu", "", "train"),
        Requirement("h5py"),
    ]

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
