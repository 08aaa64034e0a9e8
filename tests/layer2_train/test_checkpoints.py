from __future__ import annotations

import keras
import numpy as np
import pytest

from common.errors import ContractError
from layer2_train.checkpoints import (
    best_name,
    keep_best,
    read_checkpoint,
    read_state,
    write_checkpoint,
)


def variables(*shapes, fill=0.0):
    return [keras.Variable(np.full(shape, fill, np.float32)) for shape in shapes]


def test_variables_and_state_come_back_as_they_were(tmp_path):
    path = tmp_path / "last.h5"
    held = [keras.Variable(np.arange(6, dtype=np.float32).reshape(2, 3)), keras.Variable(7)]
    write_checkpoint(path, held, {"step": 3, "losses": 0.1})
    fresh = [keras.Variable(np.zeros((2, 3), np.float32)), keras.Variable(0)]

    read_checkpoint(path, fresh)

    assert read_state(path) == {"step": 3, "losses": 0.1}
    assert fresh[0].numpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert int(fresh[1].numpy()) == 7


def test_a_checkpoint_of_another_network_changes_nothing(tmp_path):
    path = tmp_path / "last.h5"
    write_checkpoint(path, variables((2,), (3,), fill=1), {})
    other = variables((2,), (4,))

    with pytest.raises(
        ContractError, match=r"variables/00001: expected 2 variables of this network"
    ):
        read_checkpoint(path, other)

    assert not any(variable.numpy().any() for variable in other)


def test_a_broken_checkpoint_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "last.h5"
    path.write_bytes(b"half")

    with pytest.raises(ContractError, match=r"last.h5.*Train anew with --overwrite"):
        read_checkpoint(path, [])


def test_the_weights_of_epochs_that_are_no_longer_the_best_go(tmp_path):
    for epoch in (1, 3, 12):
        (tmp_path / best_name(epoch)).write_text("")
    (tmp_path / "last.h5").write_text("")

    keep_best(tmp_path, 3)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["best-0003.h5", "last.h5"]
