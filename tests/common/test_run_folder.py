from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from common.config import Settings, digest, load
from common.errors import ConfigError
from common.run_folder import RESOLVED, claim, recorded


class Example(Settings):
    size: int = 1
    scale: float = 1e-7
    split: tuple[str, ...] = ("1e3", "no")


def claimed_at_once(folder, examples):
    """Those of `examples` that were not refused."""
    together, claimed = threading.Barrier(len(examples)), []

    def one(example):
        together.wait()
        try:
            claim(folder, example)
        except ConfigError:
            return
        claimed.append(example)

    tasks = [threading.Thread(target=one, args=(example,)) for example in examples]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()
    return claimed


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


class Many(Settings):
    a: int = 0
    b: int = 0
    c: int = 0
    d: int = 0
    e: int = 0
    f: int = 0
    g: int = 0


def test_of_many_that_differ_five_are_named_and_the_others_counted(tmp_path):
    claim(tmp_path, Many())

    with pytest.raises(ConfigError, match=r"found another's: a: 0 there.*; and 2 more") as caught:
        claim(tmp_path, Many(a=1, b=1, c=1, d=1, e=1, f=1, g=1))

    assert str(caught.value).count(" there, ") == 5


def test_a_folder_of_another_command_is_called_so(tmp_path):
    claim(tmp_path, Many())

    with pytest.raises(ConfigError, match=r"of this command, found another command's\. Give"):
        claim(tmp_path, Example())


def test_one_of_several_that_come_at_once_gets_the_folder(tmp_path):
    for turn in range(20):
        folder = tmp_path / str(turn)

        (claimed,) = claimed_at_once(folder, [Example(size=size) for size in range(6)])

        assert load(Example, folder / RESOLVED) == claimed
        assert os.listdir(folder) == [RESOLVED]


def test_all_of_those_that_agree_get_it(tmp_path):
    assert len(claimed_at_once(tmp_path, [Example()] * 6)) == 6


def test_a_file_system_without_links_will_do(tmp_path, monkeypatch):
    def refuse(_path, _target):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    claim(tmp_path, Example())

    with pytest.raises(ConfigError, match="size"):
        claim(tmp_path, Example(size=2))
    assert os.listdir(tmp_path) == [RESOLVED]


def test_what_is_recorded_has_the_digest_of_the_settings(tmp_path):
    assert recorded(tmp_path) is None

    claim(tmp_path, Example(size=3))

    assert digest(recorded(tmp_path) or {}) == digest(Example(size=3))


def test_overwriting_with_the_same_settings_leaves_the_file_to_its_readers(tmp_path):
    claim(tmp_path, Example())
    before = (tmp_path / RESOLVED).stat().st_ino

    claim(tmp_path, Example(), overwrite=True)

    assert (tmp_path / RESOLVED).stat().st_ino == before


def test_a_damaged_record_is_named(tmp_path):
    (tmp_path / RESOLVED).write_text("a: [")

    with pytest.raises(ConfigError, match=rf"{RESOLVED}: line 1, column 5: expected YAML"):
        claim(tmp_path, Example())

    claim(tmp_path, Example(), overwrite=True)
    assert load(Example, tmp_path / RESOLVED) == Example()


def test_a_folder_that_cannot_be_made_is_a_configuration_error(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match="expected a file that can be written"):
        claim(tmp_path / "file" / "out", Example())
