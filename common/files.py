"""Files and folders that are either whole or absent."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

PARTIAL = ".partial"
_BLOCK = 1 << 20
_SPREAD_BLOCKS = 64
_SPREAD_BLOCK = 65_536


@contextmanager
def whole_file(path: Path) -> Generator[Path, None, None]:
    """Yield a path to write to; on success it becomes `path`, on an error it vanishes.

    The bytes are on the disk before the name is: a job killed at any moment leaves either the
    previous file or the new one. The name holds a random token, not a process id, because
    containers on two nodes share process ids.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _partial(path)
    try:
        yield partial
        _sync(partial)
        partial.replace(path)
        _sync(path.parent)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Generator[Path, None, None]:
    """Yield a folder to fill; on success it becomes `path`, replacing a folder there.

    The old folder is moved aside before the new one takes its name, and removed after.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _partial(path)
    old = _partial(path)
    partial.mkdir()
    try:
        yield partial
        for file in sorted(partial.rglob("*")):
            _sync(file)
        if path.exists():
            path.replace(old)
        partial.replace(path)
        _sync(path.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if path.exists():
            shutil.rmtree(old, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of the bytes of one file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def spread_hash(path: Path) -> str:
    """Fingerprint of a file of any size, cheap and free of path and time.

    Hexadecimal SHA-256 over the size and 64 blocks of 64 KiB spread evenly from start to end.
    """
    size = path.stat().st_size
    last = max(0, size - _SPREAD_BLOCK)
    starts = sorted({round(i * last / (_SPREAD_BLOCKS - 1)) for i in range(_SPREAD_BLOCKS)})
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as stream:
        for start in starts:
            stream.seek(start)
            digest.update(stream.read(_SPREAD_BLOCK))
    return digest.hexdigest()


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}{PARTIAL}")


def _sync(path: Path) -> None:
    """Flush one file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
