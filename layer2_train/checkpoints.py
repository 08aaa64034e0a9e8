"""Where a training stands, in one file: the values of variables, and a few words of state.

Private to layer 2, and to the version that wrote it: what others read is the model bundle.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import h5py
import keras
import numpy as np

from common.errors import ContractError
from common.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

FOLDER: Final = "checkpoints"
LAST: Final = "last.h5"
_VARIABLES: Final = "variables"
_STATE: Final = "state"
_ADVICE: Final = "Train anew with --overwrite"


def best_name(epoch: int) -> str:
    """File of the weights of an epoch that was the best so far.

    Examples
    --------
    >>> best_name(7)
    'best-0007.h5'
    """
    return f"best-{epoch:04d}.h5"


def keep_best(folder: Path, epoch: int) -> None:
    """Remove the weights of epochs that are no longer the best."""
    for path in folder.glob("best-*.h5"):
        if path.name != best_name(epoch):
            path.unlink(missing_ok=True)


def write_checkpoint(path: Path, variables: Sequence[Any], state: dict[str, Any]) -> None:
    """Write the values of Keras variables, and `state` as JSON, whole or not at all."""
    with whole_file(path) as partial, h5py.File(partial, "x", locking=False) as file:
        group = file.create_group(_VARIABLES)
        for number, variable in enumerate(variables):
            group[f"{number:05d}"] = keras.ops.convert_to_numpy(variable)
        file.attrs[_STATE] = json.dumps(state)


def read_state(path: Path) -> dict[str, Any]:
    """The state that a checkpoint was written with.

    Raises
    ------
    ContractError
        If the file is no checkpoint.
    """
    with _opened(path) as file:
        return json.loads(str(file.attrs[_STATE]))


def read_checkpoint(path: Path, variables: Sequence[Any]) -> None:
    """Give the variables the values they had.

    Raises
    ------
    ContractError
        If the file is no checkpoint of these variables; none of them is changed then.
    """
    with _opened(path) as file:
        group: Any = file[_VARIABLES]
        values = [np.asarray(group[name]) for name in sorted(group)]
    expected = [tuple(variable.shape) for variable in variables]
    found = [value.shape for value in values]
    if found != expected:
        differing = [
            i for i, pair in enumerate(zip(expected, found, strict=False)) if len({*pair}) > 1
        ]
        where = f"{_VARIABLES}/{differing[0]:05d}" if differing else _VARIABLES
        raise ContractError(
            path, where, f"{len(expected)} variables of this network", "others", _ADVICE
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


@contextmanager
def _opened(path: Path) -> Generator[h5py.File, None, None]:
    try:
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except (OSError, KeyError, ValueError) as error:
        raise ContractError(path, "file", "a checkpoint", str(error), _ADVICE) from error
