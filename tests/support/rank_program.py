"""One rank of a few, as a program: ``rank_program.py MODE FOLDER``. Tests start several."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from common.cluster import Rank, quiet_libraries

quiet_libraries()

import keras  # noqa: E402
import numpy as np  # noqa: E402
from waiting import until  # noqa: E402

from common.errors import ContractError, Interrupted  # noqa: E402
from layer2_train.distributed import ranks  # noqa: E402
from layer2_train.settings.distributed import DistributedSettings  # noqa: E402

SOON = {
    "stand_still": {"timeout_s": 3.0},
    "be_late": {"timeout_s": 12.0, "late_s": 6.0},
    "be_stopped": {"timeout_s": 12.0},
}
"""Where ranks wait in vain for one that is gone, or that others give up; they go by beats."""

STEPS = 20
BATCH = 8


def network(seed, *, statistics=False):
    keras.utils.set_random_seed(seed)
    norm = [keras.layers.BatchNormalization()] if statistics else []
    layers = [keras.Input((6,)), keras.layers.Dense(5, activation="tanh"), *norm]
    return keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])


def patches(steps=STEPS, batch=2 * BATCH):
    chance = np.random.default_rng(0)
    x = chance.normal(size=(steps, batch, 6)).astype(np.float32)
    return x, (x.sum(axis=2, keepdims=True) > 0).astype(np.float32)


def trained(these, optimizer, *, statistics=False):
    """Weights after steps on this rank's rows of every batch."""
    model = network(seed=these.rank, statistics=statistics)
    kind = these.averaging(type(optimizer), model.non_trainable_variables)
    model.compile(
        kind.from_config(optimizer.get_config()), "binary_crossentropy", jit_compile=False
    )
    model.optimizer.build(model.trainable_variables)
    these.broadcast([*model.variables, *model.optimizer.variables])
    for x, y in zip(*patches(), strict=True):
        model.train_on_batch(x[these.rank :: these.size], y[these.rank :: these.size])
    return flat(model)


def flat(model):
    return np.concatenate([np.ravel(weight) for weight in model.get_weights()])


def sgd(**more):
    return keras.optimizers.SGD(0.5, momentum=0.9, nesterov=True, **more)


def exchanges(these):
    """What a few exchanges gave, for the test to judge."""
    variable = keras.Variable(np.full(3, these.rank + 5.0))
    seeds = keras.Variable(np.full(2, these.rank + 3), dtype="uint32")
    these.broadcast([variable, seeds])
    own = keras.Variable(np.zeros(2, np.float32))
    optimizer = these.averaging(keras.optimizers.SGD, [])(1.0)
    without = keras.Variable(np.ones(2, np.float32))
    optimizer.build([own, without])
    gradient = keras.ops.convert_to_tensor(np.array([1.0, these.rank], np.float32))
    optimizer.apply([gradient, None], [own, without])
    return {
        "broadcast": [np.array(variable.value).tolist(), np.array(seeds.value).tolist()],
        "gathered": these.gathered(np.full((2 * these.rank, 2), these.rank)).tolist(),
        "summed": these.summed(np.arange(3) + these.rank).tolist(),
        "any": [these.any(flag=False), these.any(flag=these.rank == 1)],
        "stepped": [np.array(own.value).tolist(), np.array(without.value).tolist()],
        "names": [type(optimizer).__name__, type(optimizer).__module__, optimizer.name],
        "scaled": scaled(these),
    }


def scaled(these):
    """Weights and scale after two steps; in the first one rank's gradient is not finite."""
    inner = keras.optimizers.SGD(1.0)
    outer = these.averaging(keras.optimizers.LossScaleOptimizer, [])
    optimizer = outer(inner, initial_scale=4.0, dynamic_growth_steps=100)
    weight = keras.Variable(np.zeros(1, np.float32))
    optimizer.build([weight])
    after = []
    for value in (np.inf if these.rank == 1 else 1.0, 4.0 * (these.rank + 1)):
        optimizer.apply([keras.ops.convert_to_tensor(np.array([value], np.float32))], [weight])
        after.append([float(np.array(weight.value)[0]), float(np.array(optimizer.dynamic_scale))])
    return after


def learn(these, folder):
    given = {
        "plain": trained(these, sgd()),
        "clipped": trained(these, sgd(global_clipnorm=0.05)),
        "statistics": trained(these, sgd(), statistics=True),
    }
    np.savez(folder / f"{these.size}_{these.rank}.npz", **given)


def wait_forever(these, folder):
    (folder / f"ready_{these.rank}").touch()
    while True:
        these.wait()


def stand_still(these, folder):
    if these.rank == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
    wait_forever(these, folder)


def be_late(these, folder):
    if these.rank == 1:
        time.sleep(600)
    wait_forever(these, folder)


def break_contract(these, folder):
    if these.rank == 1:
        raise ContractError("a.h5", "patches", "some", "none")
    wait_forever(these, folder)


def make_a_bug(these, folder):
    if these.rank == 1:
        raise ValueError("not thought of")
    wait_forever(these, folder)


def be_stopped(these, folder):
    if these.rank == 1:
        raise Interrupted("stopped by SIGTERM")
    wait_forever(these, folder)


def finish_apart(these, folder):
    time.sleep(2 * these.rank)
    (folder / f"finished_{these.rank}").touch()


def come_together(folder):
    """Begin once all have started: how long they may wait for one another counts from then."""
    here = Rank.here()
    (folder / f"here_{here.index}").touch()
    until(lambda: len(list(folder.glob("here_*"))) == here.size)


def main(mode, folder):
    if mode in SOON:
        come_together(folder)
    compression = "fp16" if mode == "halves" else "none"
    settings = DistributedSettings(compression=compression, **SOON.get(mode, {}))
    with ranks(settings, folder) as these:
        if mode == "exchanges":
            (folder / f"{these.rank}.json").write_text(json.dumps(exchanges(these)))
        elif mode in {"learn", "halves"}:
            learn(these, folder)
        else:
            globals()[mode](these, folder)


if __name__ == "__main__":
    try:
        main(sys.argv[1], Path(sys.argv[2]))
    except (ContractError, Interrupted) as error:
        sys.exit(error.exit_status)
