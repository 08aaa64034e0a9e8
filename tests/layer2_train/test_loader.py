from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest
from patch_files import write_patch_file

from common.errors import ContractError
from common.patch_file.reader import PatchFile
from layer2_train.config import TrainSettings
from layer2_train.dataset import PatchDataset
from layer2_train.loader import Loader


def settings(**changes):
    loading = {"block": 2, "window": 12, "threads": 2}
    return TrainSettings.model_validate({"batch_size": 4, "loading": loading, **changes})


@pytest.fixture
def files(tmp_path):
    """Four files of two centres, raw and JPEG by turns, with patches of unknown label."""
    made = []
    for number in range(4):
        labels = np.array([0, 0, -1, 1, 0, 0, 0, 1, 0, 0])
        path = write_patch_file(
            tmp_path,
            f"slide_{number}",
            labels=labels if number else labels[:5],
            centre=f"centre_{number // 2}",
            codec="jpeg" if number % 2 else "raw",
            seed=number,
        )
        made.append(PatchFile(path))
    return made


@pytest.fixture
def dataset(files):
    return PatchDataset(files)


def batches(loader, epoch=1, first=0):
    with loader.epoch(epoch, first=first) as served:
        return list(served)


def indices(served):
    return np.concatenate([batch.indices for batch in served])


def same(one, other):
    return (
        one.step == other.step
        and np.array_equal(one.indices, other.indices)
        and np.array_equal(one.patches, other.patches)
        and np.array_equal(one.labels, other.labels)
    )


def test_an_epoch_brings_every_patch_with_its_pixels_and_label(dataset):
    loader = Loader(dataset, settings())

    served = batches(loader)

    assert [batch.step for batch in served] == list(range(loader.steps))
    assert sorted(indices(served)[: len(dataset)].tolist()) == list(range(len(dataset)))
    for batch in served:
        assert np.array_equal(batch.patches, dataset.read(batch.indices))
        assert np.array_equal(batch.labels, dataset.labels[batch.indices])
        assert batch.labels.dtype == np.float32


def test_ranks_bring_disjoint_patches_in_equally_many_steps(dataset):
    served = [batches(Loader(dataset, settings(), rank, 3)) for rank in range(3)]

    assert len({len(own) for own in served}) == 1
    shown = [set(indices(own).tolist()) for own in served]
    assert sum(map(len, shown)) == len(set().union(*shown)) == len(dataset)


@pytest.mark.parametrize(
    ("balance", "share"),
    [
        ({"classes": "balanced"}, 0.5),
        ({"classes": {"normal": 3.0, "tumor": 1.0}}, 0.25),
    ],
)
def test_classes_come_in_the_shares_asked_for(dataset, balance, share):
    loader = Loader(dataset, settings(balance=balance))

    labels = np.concatenate([batch.labels for batch in batches(loader)])[: len(dataset)]

    assert labels.sum() == pytest.approx(share * len(dataset), abs=1)


def test_centres_come_equally_often_within_each_class(dataset):
    loader = Loader(dataset, settings(balance={"centres": "balanced"}))
    shown = indices(batches(loader))[: len(dataset)]

    centre = dataset.place(shown)[0] // 2
    tumour = dataset.labels[shown] == 1

    assert abs(int((centre[~tumour] == 0).sum()) - int((centre[~tumour] == 1).sum())) <= 1
    assert abs(int((centre[tumour] == 0).sum()) - int((centre[tumour] == 1).sum())) <= 1


@pytest.mark.parametrize("first", [0, 1, 2, 3, 5, 8])
@pytest.mark.parametrize("batch_size", [1, 4, 40])
def test_an_epoch_is_taken_up_at_any_step(dataset, first, batch_size):
    loader = Loader(dataset, settings(batch_size=batch_size))
    everything = batches(loader)

    later = batches(loader, first=first)

    assert len(later) == max(0, len(everything) - first)
    assert all(map(same, later, everything[first:]))


def test_threads_change_nothing(dataset):
    one = Loader(dataset, settings(loading={"block": 2, "window": 12, "threads": 1}))
    many = Loader(dataset, settings(loading={"block": 2, "window": 12, "threads": 5}))

    assert all(map(same, batches(one), batches(many)))


def test_every_epoch_has_an_order_of_its_own(dataset):
    loader = Loader(dataset, settings())

    orders = {tuple(indices(batches(loader, epoch)).tolist()) for epoch in range(4)}

    assert len(orders) == 4


def test_batches_are_the_takers_to_keep(dataset):
    kept = batches(Loader(dataset, settings()))
    before = [batch.patches.copy() for batch in kept]

    batches(Loader(dataset, settings()), epoch=2)

    assert all(map(np.array_equal, before, (batch.patches for batch in kept)))


def test_stains_are_put_on_what_is_read_from_each_file(files):
    stains = [lambda patches, number=number: patches // 2 + number for number in range(4)]
    plain, stained = PatchDataset(files), PatchDataset(files, stains=stains)

    for batch in batches(Loader(stained, settings())):
        numbers = plain.place(batch.indices)[0][:, None, None, None]
        assert np.array_equal(batch.patches, plain.read(batch.indices) // 2 + numbers)


def test_an_unreadable_patch_is_raised_where_its_window_would_have_come(tmp_path):
    path = write_patch_file(tmp_path, "a", n=60, codec="jpeg")
    with h5py.File(path, "r+") as file:
        first, end = file["jpeg_offsets"][40:42]
        file["jpeg_bytes"][first:end] = 0
    loader = Loader(PatchDataset([PatchFile(path)]), settings())

    served = []
    with (
        pytest.raises(ContractError, match=r"a\.h5: /jpeg_bytes\[40\]: expected a JPEG of 16 x 16"),
        loader.epoch(1) as ahead,
    ):
        served.extend(ahead)

    assert 40 not in [index for batch in served for index in batch.indices]
    drawing = loader.drawing
    windows = [drawing.epoch(1).window(number).tolist() for number in range(drawing.windows)]
    number = next(number for number, own in enumerate(windows) if 40 in own)
    assert len(served) == drawing.begin(number) // 4


def test_leaving_early_ends_the_threads(dataset):
    before = set(threading.enumerate())

    with Loader(dataset, settings()).epoch(1) as served:
        next(served)

    assert set(threading.enumerate()) <= before


def test_the_takers_own_error_ends_the_threads_and_goes_on(dataset):
    before = set(threading.enumerate())

    with pytest.raises(KeyError), Loader(dataset, settings()).epoch(1):
        raise KeyError

    assert set(threading.enumerate()) <= before


_PEAK = """
import json, resource, sys
from pathlib import Path
from common.patch_file.reader import PatchFile
from layer2_train.config import TrainSettings
from layer2_train.dataset import PatchDataset
from layer2_train.loader import Loader

path, times, folder = sys.argv[1:]
files = [PatchFile(Path(path)) for _ in range(int(times))]
dataset = PatchDataset(files, Path(folder))
loading = {"window": 256, "threads": 1}
balance = {"classes": "balanced"}
settings = TrainSettings.model_validate({"loading": loading, "balance": balance})
loader = Loader(dataset, settings)
shown = 0
with loader.epoch(1) as served:
    for _, batch in zip(range(100), served):
        shown += len(batch.indices)
status = Path("/proc/self/status").read_text()
held = {line.split()[0]: int(line.split()[1]) for line in status.splitlines() if "kB" in line}
print(json.dumps({"indexed": len(dataset), "shown": shown, "kib": held["RssAnon:"]}))
"""


def measured(path, times, folder):
    """What a process of its own that serves 100 batches says of itself."""
    command = [sys.executable, "-c", _PEAK, str(path), str(times), str(folder)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_memory_does_not_grow_with_the_number_of_patches(tmp_path):
    few = write_patch_file(tmp_path, "few", n=20, size=8)
    many = write_patch_file(tmp_path, "many", n=20_000, size=8)

    small, large = (measured(path, 50, tmp_path / "index") for path in (few, many))

    assert (small["indexed"], large["indexed"]) == (1_000, 1_000_000)
    assert large["kib"] - small["kib"] < 4_096  # a label and a place of each patch were 13,000
