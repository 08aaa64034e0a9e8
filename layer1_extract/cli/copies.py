"""Commands that prove a copy of a folder whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from common.cli import FILE_PATH, FOLDER_PATH, Result, verb
from layer1_extract.cli.program import cli

if TYPE_CHECKING:
    from pathlib import Path

_READERS: Final = click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=None,
    show_default="the CPUs granted",
    help="Files read at the same time.",
)


@verb(cli)
@click.argument("folder", metavar="DIR", type=FOLDER_PATH)
@click.option("--update", is_flag=True, help="Replace a lock where files are new or changed.")
@click.option("--drop-missing", is_flag=True, help="With --update: where files are gone, too.")
@_READERS
def lock(folder: Path, update: bool, drop_missing: bool, workers: int | None) -> Result:
    """List every file of DIR with its SHA-256, in DIR/dataset.sha256.

    DIR holds slides, results of layer 1, or both; hidden and half-written files are left out.
    Copied with the data, the list proves a copy whole: by verify, or by sha256sum --check where
    this program is not. A lock that is there stays if it is right, and is never silently replaced.
    """
    from common.cluster import available_cpus
    from layer1_extract.dataset_lock.locking import lock as lock_folder

    threads = workers or available_cpus()
    return lock_folder(folder, threads, update=update, drop_missing=drop_missing)


@verb(cli)
@click.argument("folder", metavar="DIR", type=FOLDER_PATH)
@click.option("--quick", is_flag=True, help="Compare names and sizes only; reads no content.")
@click.option(
    "--lock",
    "given",
    type=FILE_PATH,
    show_default="DIR/dataset.sha256",
    help="Lock to compare with.",
)
@_READERS
def verify(folder: Path, quick: bool, given: Path | None, workers: int | None) -> Result:
    """Say whether DIR holds what its lock lists: every file, the same content, and no other.

    Names each file that is missing, changed or extra; writes nothing.
    """
    from common.cluster import available_cpus
    from layer1_extract.dataset_lock.verifying import verify as verify_folder

    return verify_folder(folder, workers or available_cpus(), quick=quick, given=given)
