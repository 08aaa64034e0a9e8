"""How far a training is, told from the files of its folder alone."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

from common.cli import Result
from common.errors import ContractError
from common.files import look_anew
from common.model_bundle import MANIFEST
from common.run_folder import recorded
from layer2_train.history import HISTORY, Epoch, best, from_csv
from layer2_train.launch import Launch, at_work
from layer2_train.subject import BUNDLE

if TYPE_CHECKING:
    from pathlib import Path

State = Literal["done", "running", "stopped", "missing"]


def status(out: Path) -> Result:
    """Whether a training is done, running or stopped, its last epoch and its best so far.

    Parameters
    ----------
    out : Path
        The run directory; may be absent.

    Raises
    ------
    ContractError
        If its history is none.
    """
    look_anew(out)
    settings, history = recorded(out), _history(out / HISTORY)
    if settings is None:
        return Result(f"{out}: missing, no training", {"out": str(out), "state": "missing"})
    launch, top = at_work(out), best(history) if history else None
    state, at = _state(out, launch), _heard(out).isoformat(timespec="seconds")
    said = f"{len(history)} of {settings.get('epochs')} epochs"
    said += f", best {top.epoch} ({_merit(top)})" if top else ""
    data: dict[str, Any] = {
        "out": str(out),
        "state": state,
        "epochs": len(history),
        "of": settings.get("epochs"),
        "best": None,
        "heard": at,
        "where": str(launch or ""),
    }
    if top:
        data["best"] = {name: getattr(top, name) for name in ("epoch", "valid_auc", "valid_loss")}
    said += f"; last heard of at {at}" + (f"; {launch}" if launch else "")
    return Result(f"{out}: {state}, {said}", data)


def _history(path: Path) -> list[Epoch]:
    """The epochs that are over; none where none is."""
    try:
        return from_csv(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ContractError(path, "file", "a line for each epoch", str(error)) from error


def _state(out: Path, launch: Launch | None) -> State:
    if (out / BUNDLE / MANIFEST).exists():  # written last
        return "done"
    return "running" if launch else "stopped"


def _heard(out: Path) -> datetime:
    """When the training last wrote something, by the clock of its folder."""
    times = [0.0]
    for path in chain(out.glob("*"), out.glob("*/*")):
        with suppress(OSError):  # replaced meanwhile
            times.append(path.stat().st_mtime if path.is_file() else 0.0)
    return datetime.fromtimestamp(max(times), UTC)


def _merit(epoch: Epoch) -> str:
    if epoch.valid_loss is None:
        return f"loss {epoch.loss:.3f} in training"
    if epoch.valid_auc is None:
        return f"validation loss {epoch.valid_loss:.3f}"
    return f"validation AUC {epoch.valid_auc:.3f}, loss {epoch.valid_loss:.3f}"
