from __future__ import annotations

import os

import pytest

from common.config import Settings, load
from common.errors import ConfigError
from common.run_folder import RESOLVED, claim


class Example(Settings):
    size: int = 1


def test_the_resolved_settings_lie_beside_the_results(tmp_path):
    claim(tmp_path / "out", Example(size=3))

    assert load(Example, tmp_path / "out" / RESOLVED) == Example(size=3)


def test_the_same_settings_may_go_on(tmp_path):
    claim(tmp_path, Example(size=3))
    claim(tmp_path, Example(size=3))


def test_what_a_killed_process_left_long_ago_is_removed(tmp_path):
    left = tmp_path / f".{RESOLVED}.0123456789abcdef.partial"
    left.touch()
    os.utime(left, (0, 0))

    claim(tmp_path, Example())

    assert os.listdir(tmp_path) == [RESOLVED]


def test_other_settings_are_refused_naming_what_differs(tmp_path):
    claim(tmp_path, Example(size=3))

    with pytest.raises(ConfigError, match="size: 3 there, 4 here"):
        claim(tmp_path, Example(size=4))

    claim(tmp_path, Example(size=4), overwrite=True)
    assert load(Example, tmp_path / RESOLVED).size == 4


def test_a_damaged_record_is_named(tmp_path):
    (tmp_path / RESOLVED).write_text("a: [")

    with pytest.raises(ConfigError, match=RESOLVED):
        claim(tmp_path, Example())


def test_a_folder_that_cannot_be_made_is_a_configuration_error(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match="expected a file that can be written"):
        claim(tmp_path / "file" / "out", Example())
