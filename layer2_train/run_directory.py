"""What lies in the folder of one training, and how a training takes hold of it."""

from __future__ import annotations

import logging
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.errors import ConfigError, ContractError
from common.files import write_text
from common.model_bundle import Bundle, read_bundle
from common.patch_file.folder import FOLDER as PATCHES
from common.patch_file.folder import SUFFIX
from common.run_folder import RESOLVED, claim
from layer2_train.checkpoints import FOLDER as CHECKPOINTS
from layer2_train.evaluation import METRICS, RUN
from layer2_train.mlflow_run import IDENTITY as MLFLOW_RUN
from layer2_train.pictures import PICTURES
from layer2_train.plan import SPLIT_TABLE
from layer2_train.results import BUNDLE, CURVES
from layer2_train.tensorboard import FOLDER as TENSORBOARD
from layer2_train.training import HISTORY

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from layer2_train.config import TrainSettings
    from layer2_train.plan import Plan

_RESULTS: Final = (
    BUNDLE,
    HISTORY,
    CURVES,
    METRICS,
    *PICTURES,
    SPLIT_TABLE,
    RESOLVED,
    RUN,
    CHECKPOINTS,
    TENSORBOARD,
    MLFLOW_RUN,
)
_ASIDE: Final = ".set-aside-"
_REPLACED: Final = ".replaced-"
log = logging.getLogger(__name__)


@contextmanager
def taken(
    out: Path, settings: TrainSettings, plan: Plan, *, overwrite: bool
) -> Generator[None, None, None]:
    """Make `out` this run's for as long as it takes to get ready, and for good if that succeeds.

    With `overwrite` the results of another run are set aside meanwhile. If what is done in the
    context fails, the folder is as it was before: nobody's finished model is lost to a mistake in
    the configuration of the next, and a mistake does not stand in the way of its correction. What a
    process that was killed meanwhile had set aside comes back with the next start.

    Raises
    ------
    ConfigError
        If it holds patch files, or, without `overwrite`, the results of another configuration or
        of other patches.
    """
    _refuse_patches(out)
    _bring_back(out)
    before = {name for name in _RESULTS if (out / name).exists()}
    aside = _set_aside(out, before) if overwrite and before else None
    try:
        claim(out, settings, overwrite=overwrite)
        _write_splits(out / SPLIT_TABLE, plan)
        yield
    except BaseException:
        _remove(out, set(_RESULTS) if aside else set(_RESULTS) - before)
        _bring_back(out)
        raise
    if aside:  # first under another name: what is half removed must not come back
        shutil.rmtree(aside.rename(out / aside.name.replace(_ASIDE, _REPLACED, 1)))


def finished(out: Path) -> Bundle | None:
    """The bundle of a run that reached its end; it is written last."""
    if not (out / BUNDLE).exists():
        return None
    try:
        return read_bundle(out / BUNDLE)
    except ContractError as error:
        log.warning("the bundle is made anew from the checkpoint: %s", error)
        return None


def _refuse_patches(out: Path) -> None:
    """Patch files have a configuration of their own beside them, which must stay theirs."""
    found = [*out.glob(f"*{SUFFIX}"), *out.glob(f"{PATCHES}/*{SUFFIX}")]
    if found:
        raise ConfigError(
            f"{out}: expected a folder for the results of a training, found the patch file "
            f"{min(found).name}. Give another --out"
        )


def _write_splits(table: Path, plan: Plan) -> None:
    plan.refuse_other(table)
    if not table.exists():
        write_text(table, plan.csv())


def _set_aside(out: Path, names: Iterable[str]) -> Path:
    aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=out))
    for name in names:
        (out / name).rename(aside / name)
    return aside


def _bring_back(out: Path) -> None:
    """Give results that were set aside their place again, and remove what was replaced."""
    for aside in out.glob(f"{_ASIDE}*"):
        for path in list(aside.iterdir()):
            _remove(out, [path.name])
            path.rename(out / path.name)
        aside.rmdir()
    for replaced in out.glob(f"{_REPLACED}*"):
        shutil.rmtree(replaced)


def _remove(out: Path, names: Iterable[str]) -> None:
    for name in names:
        path = out / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
