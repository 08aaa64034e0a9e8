"""Programs that are not there, and what they were called with."""

from __future__ import annotations

import shlex


def fake(folder, name, body):
    """A program `name` in `folder` that does `body`, lines of bash."""
    path = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/usr/bin/env bash\n{body}\n")
    path.chmod(0o755)
    return path


def recording(folder, name, record, body="", variables=()):
    """A program that appends its words, and variables that are set, to `record`; then `body`."""
    said = "".join(f' ${{{one}:+"{one}=${one}"}}' for one in variables)
    line = f"""printf '%q ' {name}{said} "$@" >> {shlex.quote(str(record))}
echo >> {shlex.quote(str(record))}"""
    return fake(folder, name, f"{line}\n{body}")


def recorded(record):
    """The calls of all programs, in turn, as one would type them."""
    if not record.exists():
        return []
    return [shlex.join(shlex.split(line)) for line in record.read_text().splitlines()]
