"""The commands of layer 1: those of a kind in a module of their own."""

from __future__ import annotations

from common.cli import run
from layer1_extract.cli.cohorts import phantom, scan
from layer1_extract.cli.copies import lock, verify
from layer1_extract.cli.extraction import extract, plan
from layer1_extract.cli.machine import doctor
from layer1_extract.cli.patch_files import check, convert, export, import_
from layer1_extract.cli.program import cli
from layer1_extract.cli.results import merge, status

__all__ = [
    "check",
    "cli",
    "convert",
    "doctor",
    "export",
    "extract",
    "import_",
    "lock",
    "main",
    "merge",
    "phantom",
    "plan",
    "scan",
    "status",
    "verify",
]


def main() -> None:
    """Console script `layer1-extract`."""
    run(cli)
