"""A folder of results, made with one configuration."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

import yaml

from common.config import Settings, differences, dump, yaml_mistake
from common.errors import ConfigError
from common.files import PARTIAL, look_anew, sweep, writable, write_text

if TYPE_CHECKING:
    from pathlib import Path

RESOLVED: Final = "config.resolved.yaml"
_MOST_SAID: Final = 5


def claim(folder: Path, settings: Settings, *, overwrite: bool = False) -> None:
    """Write the resolved settings into `folder`, or make sure they are those already there.

    Results of two configurations in one folder could not be told apart. Of several processes that
    come to an empty folder at once, one writes its settings and the others compare theirs. What
    processes killed more than a day ago left half-written is removed.

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
        If the folder was made with other settings, naming keys that differ; or cannot be written.
    """
    path, text = folder / RESOLVED, dump(settings)
    look_anew(folder)
    if not path.exists():
        _write_first(path, text)
    if not overwrite:
        refuse_other(folder, settings)
    elif not _holds(path, text):
        write_text(path, text)
    sweep(folder)


def refuse_other(folder: Path, settings: Settings) -> None:
    """Refuse a folder with results of another configuration; writes nothing.

    Raises
    ------
    ConfigError
        Naming the first keys that differ, or that they are another command's.
    """
    there, here = recorded(folder), settings.model_dump(mode="json")
    changed = differences(there, here) if there is not None else []
    if not changed:
        return
    if 2 * len({*(there or {})} & {*here}) < len({*(there or {})} | {*here}):
        expected, found = "this command", "another command's"
    else:
        more = f"; and {len(changed) - _MOST_SAID} more" if len(changed) > _MOST_SAID else ""
        expected = "this configuration"
        found = f"another's: {'; '.join(changed[:_MOST_SAID])}{more}"
    raise ConfigError(
        f"{folder}: expected results of {expected}, found {found}. "
        "Give another --out, or --overwrite to replace them"
    )


def recorded(folder: Path) -> dict[str, Any] | None:
    """The resolved settings that `folder` was made with; None where none were recorded.

    Raises
    ------
    ConfigError
        If the file is there and cannot be read.
    """
    path = folder / RESOLVED
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"{path}: expected the settings of this folder, {error.strerror}. Give another --out"
        ) from error
    except (ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {yaml_mistake(error)}. Give another --out") from error
    return values if isinstance(values, dict) else {}


def _holds(path: Path, text: str) -> bool:
    """Whether a file is there that holds `text`: it is not replaced while others read it."""
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def _write_first(path: Path, text: str) -> None:
    """Write `text` to `path`, whole, unless another process does so first: then its file stays.

    A file system without hard links cannot tell who was first: there the last one's stays.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}{PARTIAL}")
    write_text(draft, text)
    with writable(path):
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        except OSError:  # of which kind, each file system says in its own way
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
