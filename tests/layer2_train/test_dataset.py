from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from patch_files import write_patch_file

from common.errors import ContractError
from common.patch_file.reader import PatchFile
from layer2_train import dataset as module
from layer2_train.dataset import PatchDataset


@pytest.fixture
def files(tmp_path):
    """Three files: both classes, one class with unknown labels, JPEG."""
    labels = {"a": [0, 1, 0, 1, 1], "b": [0, -1, 0, -1], "c": [1, 0, 1]}
    paths = [
        write_patch_file(tmp_path, name, labels=own, codec="jpeg" if name == "c" else "raw")
        for name, own in labels.items()
    ]
    return [PatchFile(path) for path in paths]


def test_patches_of_unknown_label_are_left_out_and_counted(files):
    dataset = PatchDataset(files)

    assert dataset.labels.tolist() == [0, 1, 0, 1, 1, 0, 0, 1, 0, 1]
    assert len(dataset) == 10
    assert dataset.unknown == 2


def test_every_patch_knows_its_file_and_row(files):
    numbers, rows = PatchDataset(files).place(np.arange(10))

    assert numbers.tolist() == [0, 0, 0, 0, 0, 1, 1, 2, 2, 2]
    assert rows.tolist() == [0, 1, 2, 3, 4, 0, 2, 0, 1, 2]


def test_reads_in_the_order_asked_for_with_repeats(files):
    dataset = PatchDataset(files)
    stored = np.concatenate([file.read(np.flatnonzero(file.labels >= 0)) for file in files])
    asked = np.array([9, 0, 6, 6, 3, 1, 8])

    assert np.array_equal(dataset.read(asked), stored[asked])
    assert dataset.read(np.array([], dtype=int)).shape == (0, 16, 16, 3)


def test_batches_bring_patches_labels_and_places(files):
    dataset = PatchDataset(files)
    order = np.array([4, 2, 9, 0, 1])

    batches = list(dataset.batches(order, batch_size=2))

    assert [batch.step for batch in batches] == [0, 1, 2]
    assert [batch.indices.tolist() for batch in batches] == [[4, 2], [9, 0], [1]]
    assert [batch.labels.tolist() for batch in batches] == [[1, 0], [1, 0], [1]]
    assert np.array_equal(batches[1].patches, dataset.read(np.array([9, 0])))


def test_batches_go_on_from_any_step(files):
    dataset = PatchDataset(files)
    order = np.arange(10)

    later = list(dataset.batches(order, batch_size=3, first=2))

    assert [(batch.step, batch.indices.tolist()) for batch in later] == [(2, [6, 7, 8]), (3, [9])]


def test_batches_are_the_same_however_many_threads_read_them(files):
    dataset = PatchDataset(files)

    one, many = (list(dataset.batches(range(10), 3, threads=threads)) for threads in (1, 4))

    for own, other in zip(one, many, strict=True):
        assert own.indices.tolist() == other.indices.tolist()
        assert np.array_equal(own.patches, other.patches)
        assert np.array_equal(own.labels, other.labels)


def test_patches_are_counted_by_label_and_centre(tmp_path):
    made = {"a": ("z", [0, 1, 1]), "b": ("y", [0, -1]), "c": ("z", [0, 1])}
    files = [
        PatchFile(write_patch_file(tmp_path, name, labels=labels, centre=centre))
        for name, (centre, labels) in made.items()
    ]

    dataset = PatchDataset(files)

    assert dataset.counts == {(0, "y"): 1, (0, "z"): 2, (1, "y"): 0, (1, "z"): 3}
    assert list(dataset.counts) == [(0, "y"), (0, "z"), (1, "y"), (1, "z")]
    assert dataset.starts.tolist() == [0, 3, 4, 6]
    members = dataset.index.members
    assert dataset.labels[members].tolist() == [0, 0, 0, 1, 1, 1]
    assert dataset.place(members)[0].tolist() == [1, 0, 2, 0, 0, 2]


def test_the_index_is_kept_in_the_folder_given(files, tmp_path):
    first = PatchDataset(files, tmp_path / "index")
    written = {path: path.stat().st_ino for path in (tmp_path / "index").rglob("*")}

    again = PatchDataset(files, tmp_path / "index")

    assert {path: path.stat().st_ino for path in (tmp_path / "index").rglob("*")} == written
    assert again.labels.tolist() == first.labels.tolist()


def test_without_a_folder_nothing_stays_behind(files, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()

    dataset = PatchDataset(files)

    assert not list((tmp_path / "temporary").iterdir())
    assert dataset.labels.sum() == 5


def test_each_file_has_a_stain_of_its_own(files):
    stains = [lambda patches, number=number: patches // 4 + number for number in range(3)]
    plain, stained = PatchDataset(files), PatchDataset(files, stains=stains)
    asked = np.array([9, 0, 6, 6, 3, 1, 8])

    numbers = plain.place(asked)[0][:, None, None, None]
    assert np.array_equal(stained.read(asked), plain.read(asked) // 4 + numbers)


def test_threads_may_read_more_files_than_are_open(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_OPEN_FILES", 2)
    files = [PatchFile(write_patch_file(tmp_path, f"s{k}", n=5, seed=k)) for k in range(8)]
    dataset = PatchDataset(files)
    stored = np.concatenate([file.read(range(5)) for file in files])
    orders = [np.random.default_rng(seed).permutation(40) for seed in range(40)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(dataset.read, orders))

    assert all(map(np.array_equal, found, (stored[order] for order in orders)))


def test_long_stretches_are_read_in_parts_of_one_file(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_PART", 3)
    files = [PatchFile(write_patch_file(tmp_path, name, n=n)) for name, n in [("a", 4), ("b", 5)]]
    dataset = PatchDataset(files)

    parts = list(dataset.parts(np.array([0, 1, 2, 3, 5, 6, 8])))

    assert parts == [slice(0, 3), slice(3, 4), slice(4, 7)]
    assert np.array_equal(dataset.read(np.arange(9))[4:], files[1].read(range(5)))


def test_few_files_are_open_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_OPEN_FILES", 2)
    files = [PatchFile(write_patch_file(tmp_path, f"slide_{k}", n=2)) for k in range(6)]
    dataset = PatchDataset(files)

    dataset.read(np.arange(12))

    assert sum(file._handle is not None for file in files) == 2
    dataset.close()
    assert all(file._handle is None for file in files)


def test_patches_of_another_scale_are_refused_naming_both_files(tmp_path):
    paths = [
        write_patch_file(tmp_path, "fine", mpp=0.25),
        write_patch_file(tmp_path, "near", mpp=0.5),
    ]

    with pytest.raises(ContractError, match=r"near.h5.*16 px at 0.25 um/px as in fine.h5.*0.5 um"):
        PatchDataset([PatchFile(path) for path in paths])


def test_scales_within_two_percent_are_mixed(tmp_path):
    paths = [write_patch_file(tmp_path, "a", mpp=0.25), write_patch_file(tmp_path, "b", mpp=0.2456)]

    assert len(PatchDataset([PatchFile(path) for path in paths])) == 16


def test_locations_without_pixels_are_refused(tmp_path):
    path = write_patch_file(tmp_path, "a", codec="none")

    with pytest.raises(ContractError, match="expected pixels, found locations only"):
        PatchDataset([PatchFile(path)])
