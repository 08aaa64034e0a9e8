from __future__ import annotations

import h5py
import numpy as np
import pytest

from common.errors import ConfigError, ContractError
from layer1_extract.importers.hdf5_source import dataset, open_source, patch_batches, patch_dataset

PATCHES = np.arange(5 * 4 * 4 * 3, dtype=np.uint8).reshape(5, 4, 4, 3)


def write(path, **datasets):
    with h5py.File(path, "w") as file:
        file.update(datasets)
    return path


@pytest.mark.parametrize(
    "error", [OSError("eof"), RuntimeError("eof"), KeyError("eof"), TypeError("eof")]
)
def test_what_hdf5_fails_with_names_the_file_and_what_to_do(tmp_path, error):
    path = write(tmp_path / "a.h5", x=PATCHES)

    with (
        pytest.raises(
            ContractError, match=r"a\.h5: .*damaged or incomplete one .*eof.*Copy or download"
        ),
        open_source(path),
    ):
        raise error


def test_an_error_that_says_what_is_wrong_is_left_as_it_is(tmp_path):
    path = write(tmp_path / "a.h5", x=PATCHES)

    with pytest.raises(ConfigError, match="^mine$"), open_source(path):
        raise ConfigError("mine")


def test_a_truncated_file_is_refused(tmp_path):
    path = write(tmp_path / "a.h5", x=PATCHES)
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(ContractError, match="damaged or incomplete"), open_source(path):
        pass


@pytest.mark.parametrize(("name", "message"), [("y", "found nothing"), ("group", "found a group")])
def test_what_is_no_dataset_is_refused(tmp_path, name, message):
    path = write(tmp_path / "a.h5", x=PATCHES)
    with h5py.File(path, "r+") as file:
        file.create_group("group")

    with open_source(path) as file, pytest.raises(ContractError, match=message):
        dataset(path, file, name)


@pytest.mark.parametrize("chunks", [None, (2, 4, 4, 3)])
def test_patches_never_written_are_not_taken_for_black_ones(tmp_path, chunks):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        made = file.create_dataset("x", PATCHES.shape, np.uint8, chunks=chunks)
        if chunks:
            made[:2] = PATCHES[:2]

    with open_source(path) as file, pytest.raises(ContractError, match="never written"):
        patch_dataset(path, file, "x")


@pytest.mark.parametrize("options", [{}, {"chunks": (2, 4, 4, 3), "compression": "gzip"}])
def test_whole_patches_are_read_in_order(tmp_path, options):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=PATCHES, **options)

    with open_source(path) as file:
        ((rows, found),) = patch_batches(path, file, "x")

    assert rows == slice(0, 5)
    assert np.array_equal(found, PATCHES)


@pytest.mark.parametrize(
    "shape", [(), (5,), (5, 4, 4), (5, 4, 3, 3), (5, 4, 4, 4), (0, 0, 0, 3), (0, 8193, 8193, 3)]
)
def test_patches_of_another_shape_are_refused(tmp_path, shape):
    path = write(tmp_path / "a.h5", x=np.zeros(shape, np.uint8))

    with open_source(path) as file, pytest.raises(ContractError, match=r"\(N, S, S, 3\) uint8"):
        patch_dataset(path, file, "x")
