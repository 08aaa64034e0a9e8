from __future__ import annotations

import tomllib

import pytest
from project import ROOT

from common.doctor.requirement import Requirement


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
    assert Requirement("x", versions).takes(found) == fits


def test_every_requirement_of_this_project_is_understood():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    for text in project["dependencies"]:
        wanted = Requirement.parse(text)
        assert wanted.name + wanted.versions == text
    for extra, texts in project["optional-dependencies"].items():
        for text in texts:
            assert Requirement.parse(f'{text}; extra == "{extra}"').extra == extra
