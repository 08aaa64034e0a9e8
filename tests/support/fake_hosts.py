"""Machines made of a few files and variables, for what the doctor looks at."""

from __future__ import annotations

from pathlib import Path

from common.doctor.host import Host


class Closed(Host):
    """A machine whose user may read no file with this name."""

    def reads(self, path):
        return path.name != "closed.tif"


def fake_host(root: Path, files=None, kind=Host, cpus=4, uid=1000, **variables):
    """A machine with these files, path and text, and these variables."""
    for path, text in (files or {}).items():
        file = root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return kind(variables, root, cpus, uid)


def states(findings):
    """Names and states, in their order."""
    return [(finding.name, finding.state) for finding in findings]


def only(findings, name):
    """The one finding of this name."""
    (found,) = [finding for finding in findings if finding.name == name]
    return found
