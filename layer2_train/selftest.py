"""A proof, under any launcher, that ranks see different patches and stay equal."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np

from common.cluster import Rank
from common.patch_file.reader import PatchFile
from common.patch_file.schema import Header
from common.patch_file.writer import open_writer
from common.provenance import software
from layer2_train.config import TrainSettings
from layer2_train.dataset import PatchDataset
from layer2_train.distributed import ranks
from layer2_train.loader import Loader
from layer2_train.settings.data import LoadingSettings

if TYPE_CHECKING:
    import numpy.typing as npt

    from layer2_train.ranks import Ranks
    from layer2_train.settings.distributed import DistributedSettings

_FILES: Final = 3
_SIZE: Final = 8
_EPOCHS: Final = 2
_WIDTH: Final = 16
_NO_XLA: Final[Any] = False  # Horovod averages outside functions that XLA compiles


@dataclass(frozen=True)
class Report:
    """What one rank found; each is true if all is well.

    Attributes
    ----------
    rank : int
    host : str
    patches : int
        That this rank saw in an epoch.
    disjoint : bool
        Its patches were those of no other rank, and all ranks together saw every patch.
    equal_steps : bool
        Every rank made as many steps.
    equal_start, equal_end : bool
        Weights were equal on all ranks after the broadcast, and after steps on different patches.
    ordered : bool
        What ranks gathered stood in their order.
    """

    rank: int
    host: str
    patches: int
    disjoint: bool
    equal_steps: bool
    equal_start: bool
    equal_end: bool
    ordered: bool

    @property
    def passed(self) -> bool:
        """Whether all is well."""
        return not self.failures

    @property
    def failures(self) -> list[str]:
        """Names of what is not as it should be."""
        return [name for name, value in asdict(self).items() if value is False]

    def data(self) -> dict[str, Any]:
        """The same for a script."""
        return {**asdict(self), "passed": self.passed}

    def text(self) -> str:
        """One line."""
        verdict = "passed" if self.passed else f"failed: {', '.join(self.failures)}"
        return f"rank {self.rank} on {self.host}: {self.patches} patches, {verdict}"


def selftest(settings: DistributedSettings, folder: Path) -> tuple[Report, bool]:
    """What this rank found, and whether all is well on all of them.

    Parameters
    ----------
    settings : DistributedSettings
    folder : Path
        That all ranks see; they meet there, and leave nothing.
    """
    with ranks(settings, folder) as these, TemporaryDirectory() as own:
        report = _examined(these, Path(own))
        return report, not these.any(flag=not report.passed)


def _examined(these: Ranks, folder: Path) -> Report:
    count = 32 * these.size + 5  # which neither ranks nor batches divide
    dataset = PatchDataset([PatchFile(path) for path in _written(folder, count)], folder)
    with closing(dataset):
        loading = LoadingSettings(block=4, window=16, threads=1)
        settings = TrainSettings(batch_size=8, loading=loading)
        loader = Loader(dataset, settings, these.rank, these.size)
        network = _network(these)
        equal_start = _all_equal(these, _digest(network))
        steps, seen = _trained(network, loader)
        equal_end = _all_equal(these, _digest(network))
    times = these.summed(np.bincount(seen, minlength=count))
    return Report(
        rank=these.rank,
        host=Rank.here().host or "this machine",
        patches=len(seen),
        disjoint=bool((times == 1).all()),
        equal_steps=_all_equal(these, np.array([steps])),
        equal_start=equal_start,
        equal_end=equal_end,
        ordered=_ordered(these),
    )


def _written(folder: Path, count: int) -> list[Path]:
    """Patch files of `count` patches in all, of random pixels that are the same on every rank."""
    chance = np.random.default_rng(0)
    parts = np.array_split(np.arange(count), _FILES)
    return [_write(folder, f"slide_{n}", len(part), chance) for n, part in enumerate(parts)]


def _write(folder: Path, slide_id: str, count: int, chance: np.random.Generator) -> Path:
    header = Header(
        slide_id=slide_id,
        patch_size=_SIZE,
        patch_mpp=1.0,
        patch_size_level0=_SIZE,
        level0_mpp=1.0,
        mpp_source="stated",
        level0_width=_SIZE * count,
        level0_height=_SIZE,
        slide_fingerprint=hashlib.sha256(slide_id.encode()).hexdigest(),
        reader="random pixels",
        sampling={"method": "dense", "origin": [0, 0], "stride": _SIZE},
        config_sha256="0" * 64,
        software=software(),
    )
    places = np.stack([np.arange(count) * _SIZE, np.zeros(count)], axis=1).astype(np.int64)
    labels = (np.arange(count) % 2).astype(np.int8)
    unknown = np.full(count, np.nan, np.float32)
    pixels = chance.integers(0, 256, (count, _SIZE, _SIZE, 3), dtype=np.uint8)
    path = folder / header.file_name
    with open_writer(path, header) as writer:
        writer.append(places, labels, unknown, unknown, pixels)
        writer.finish()
    return path


def _network(these: Ranks) -> Any:
    """A small network with running statistics; other weights on every rank before it is shared."""
    keras.utils.set_random_seed(these.rank)
    network = keras.Sequential(
        [
            keras.Input((_SIZE, _SIZE, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(_WIDTH, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    optimizer = these.averaging(keras.optimizers.Adam, network.non_trainable_variables)
    network.compile(optimizer(), "binary_crossentropy", jit_compile=_NO_XLA)
    network.optimizer.build(network.trainable_variables)
    these.broadcast([*network.variables, *network.optimizer.variables])
    return network


def _trained(network: Any, loader: Loader) -> tuple[int, npt.NDArray[np.int64]]:
    """Steps that were made, and the patches that were seen."""
    steps, seen = 0, []
    for epoch in range(_EPOCHS):
        with loader.epoch(epoch) as batches:
            for batch in batches:
                network.train_on_batch(batch.patches.astype(np.float32), batch.labels[:, None])
                seen.append(batch.indices)
                steps += 1
    return steps, np.unique(np.concatenate(seen))


def _digest(network: Any) -> npt.NDArray[np.uint8]:
    """A hash of all weights, and of what the optimizer remembers."""
    found = hashlib.sha256()
    for variable in [*network.weights, *network.optimizer.variables]:
        found.update(np.asarray(keras.ops.convert_to_numpy(variable.value)).tobytes())
    return np.frombuffer(found.digest(), np.uint8)


def _all_equal(these: Ranks, values: npt.NDArray[Any]) -> bool:
    rows = these.gathered(values[None])
    return len(rows) == these.size and bool((rows == rows[0]).all())


def _ordered(these: Ranks) -> bool:
    """Whether as many rows as a rank's number, and one more, stand where they should."""
    sizes = np.arange(these.size) + 1
    rows = these.gathered(np.full((these.rank + 1, 2), these.rank))
    return np.array_equal(rows, np.repeat(np.arange(these.size), sizes)[:, None].repeat(2, axis=1))
