"""Taking a folder for a run: one model, one configuration, one command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from common.config import differences, digest
from common.errors import ConfigError
from common.files import look_anew, write_text
from common.provenance import run_record
from common.run_folder import claim

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from common.config import Settings

RUN: Final = "run.json"


def claim_run(
    folder: Path,
    command: str,
    settings: Settings,
    inputs: Mapping[str, Any],
    slides: Iterable[str],
    *,
    overwrite: bool = False,
) -> None:
    """Refuse a folder that holds results of something else; record this run in it.

    Parameters
    ----------
    folder : Path
    command : str
        The verb.
    settings : Settings
    inputs : mapping
        What, beside the settings, decides the results.
    slides : iterable of str
        The ids of all slides, whichever task has them. `run.json` names those of earlier runs too.
    overwrite : bool
        Whether the results there are about to be replaced.

    Raises
    ------
    ConfigError
        Naming each key that differs.
    """
    before = {} if overwrite else read_run(folder)
    if before:
        refuse_others(folder, {"command": command, **inputs})
    claim(folder, settings, overwrite=overwrite)
    known = sorted({*before.get("slides", ()), *slides})
    record = {**run_record(command, digest(settings)), **inputs, "slides": known}
    write_text(folder / RUN, json.dumps(record, indent=2, ensure_ascii=False) + "\n")


def refuse_others(folder: Path, decides: Mapping[str, Any]) -> None:
    """Refuse a folder whose latest run says otherwise; writes nothing.

    Raises
    ------
    ConfigError
        Naming each key that differs.
    """
    before = read_run(folder)
    there = {key: before[key] for key in decides if key in before}
    changed = differences(there, decides)
    if changed:
        raise ConfigError(
            f"{folder}: expected results of this model and command, found others': "
            f"{'; '.join(changed)}. Give another --out, or --overwrite to replace them"
        )


def read_run(folder: Path) -> dict[str, Any]:
    """What the latest run in `folder` recorded; empty where there was none.

    Raises
    ------
    ConfigError
        If there is something else under that name.
    """
    path = folder / RUN
    look_anew(folder)
    if not path.exists():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path}: expected the record of a run, found: {error}") from error
    return values if isinstance(values, dict) else {}
