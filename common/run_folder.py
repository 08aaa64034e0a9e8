"""A folder of results, made with one configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

from common.config import Settings, differences, dump
from common.errors import ConfigError
from common.files import sweep, write_text

if TYPE_CHECKING:
    from pathlib import Path

RESOLVED: Final = "config.resolved.yaml"


def claim(folder: Path, settings: Settings, *, overwrite: bool = False) -> None:
    """Write the resolved settings into `folder`, or make sure they are those already there.

    Results of two configurations in one folder could not be told apart. What processes killed more
    than a day ago left half-written is removed.

    Parameters
    ----------
    folder : Path
        Made if absent.
    settings : Settings
    overwrite : bool
        Whether the results there are about to be replaced.

    Raises
    ------
    ConfigError
        If the folder was made with other settings, naming each key that differs; or cannot be
        written.
    """
    if not overwrite:
        refuse_other(folder, settings)
    path = folder / RESOLVED
    if overwrite or not path.exists():
        write_text(path, dump(settings))
    sweep(folder)


def refuse_other(folder: Path, settings: Settings) -> None:
    """Refuse a folder with results of another configuration; writes nothing.

    Raises
    ------
    ConfigError
        Naming each key that differs.
    """
    path = folder / RESOLVED
    changed = differences(_read(path), settings.model_dump(mode="json")) if path.exists() else []
    if changed:
        raise ConfigError(
            f"{folder}: expected results of this configuration, found another's: "
            f"{'; '.join(changed)}. Give another --out, or --overwrite to replace them"
        )


def _read(path: Path) -> dict[str, object]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(
            f"{path}: expected the settings of this folder, found: {error}. Give another --out"
        ) from error
    return values if isinstance(values, dict) else {}
