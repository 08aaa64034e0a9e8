"""What results are about: a model, and patches. Results of two subjects never share a folder."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from common.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from layer2_train.splits import Source

BUNDLE: Final = "bundle"
RUN: Final = "run.json"


def subject(model_sha256: str, sources: Iterable[Source]) -> dict[str, str]:
    """What `RUN` says of the subject: hashes of the model, and of slides and patches of each."""
    files = sorted(
        (s.fingerprint, s.file.rpartition("/")[2], s.config_sha256, s.content_sha256)
        for s in sources
    )
    patches_sha256 = hashlib.sha256(json.dumps(files).encode()).hexdigest()
    return {"model_sha256": model_sha256, "patches_sha256": patches_sha256}


def refuse_other_subject(out: Path, own: dict[str, str], expected: str) -> None:
    """Refuse to replace results of another model or other patches, which `out` says it holds.

    Parameters
    ----------
    out : Path
    own : dict
        As `subject` gives it.
    expected : str
        What the results should be, for the message.

    Raises
    ------
    ConfigError
        Naming what differs.
    """
    path = out / RUN
    if not path.exists():
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path}: expected JSON, found {error}. Give --overwrite") from error
    there = before if isinstance(before, dict) else {}
    if changed := [name for name, value in own.items() if there.get(name) != value]:
        raise ConfigError(
            f"{path}: expected {expected}, found another {' and '.join(changed)}. "
            "Give another --out, or --overwrite to replace them"
        )
