"""The tests mirror the sources, and names say what is in a file."""

from __future__ import annotations

import pytest
from project import ROOT

PACKAGES = ("common", "layer1_extract", "layer2_train", "layer3_infer")
MODULES = sorted(
    path.relative_to(ROOT)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if path.stem not in {"__init__", "__main__"}
)
SAYS_NOTHING = {"utils", "util", "helpers", "misc", "core", "base", "functions", "manager"}
SAYS_NOTHING |= {"processor", "engine", "handler"}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_a_test_of_its_name(module):
    assert (ROOT / "tests" / module.parent / f"test_{module.name}").is_file()


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_is_named_after_what_is_in_it(module):
    assert module.stem not in SAYS_NOTHING
    assert len((ROOT / module).read_text().splitlines()) <= 500


def test_test_folders_are_no_packages():
    assert list((ROOT / "tests").rglob("__init__.py")) == []
