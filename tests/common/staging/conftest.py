"""A slide of two files, and a scratch folder that tells what was copied to it."""

from __future__ import annotations

import os

import pytest

from common.staging import FileSet, Scratch
from common.staging.copying import copied


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "slides" / "a.mrxs"
    path.parent.mkdir()
    path.write_bytes(os.urandom(100_000))
    (path.parent / "a").mkdir()
    (path.parent / "a" / "Data0000.dat").write_bytes(os.urandom(50_000))
    return path


@pytest.fixture
def files(source):
    return FileSet(source.parent, (source.name, "a/Data0000.dat"))


@pytest.fixture
def counted():
    return []


@pytest.fixture
def scratch(tmp_path, counted):
    def copy(one, other):
        counted.append(one.name)
        return copied(one, other)

    (tmp_path / "scratch").mkdir()
    return Scratch(tmp_path / "scratch", copy)
