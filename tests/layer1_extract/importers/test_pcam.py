from __future__ import annotations

import h5py
import numpy as np
import pytest

from common.errors import ConfigError, ContractError
from layer1_extract.importers import find_foreign

X = np.arange(300 * 4 * 4 * 3, dtype=np.uint32).reshape(300, 4, 4, 3).astype(np.uint8)
Y = (np.arange(300) % 2).astype(np.uint8).reshape(300, 1, 1, 1)


def write(path, **datasets):
    with h5py.File(path, "w") as file:
        file.update(datasets)
    return path


@pytest.mark.parametrize("together", [True, False])
def test_patches_and_labels_come_from_one_file_or_two(tmp_path, together):
    if together:
        source = write(tmp_path / "train.h5", x=X, y=Y)
    else:
        write(tmp_path / "train_y.h5", y=Y)
        source = write(tmp_path / "train_x.h5", x=X)

    (slide,) = find_foreign(source)

    assert (slide.slide_id, slide.count, slide.patch_size) == ("train", 300, 4)
    batches = list(slide.batches())
    assert np.array_equal(np.concatenate([patches for _, patches in batches]), X)
    assert np.array_equal(np.concatenate([labels for labels, _ in batches]), Y.ravel())


def test_missing_labels_say_which_file_was_looked_for(tmp_path):
    with pytest.raises(ConfigError, match="in y or in train_y.h5"):
        find_foreign(write(tmp_path / "train_x.h5", x=X))


@pytest.mark.parametrize(
    ("labels", "message"),
    [(Y[:5], "/y: expected 300 labels, found 5"), (Y + 1, "/y: expected 0 or 1")],
)
def test_labels_that_do_not_fit_are_refused(tmp_path, labels, message):
    with pytest.raises(ContractError, match=message):
        find_foreign(write(tmp_path / "t.h5", x=X, y=labels))


def test_patches_of_another_shape_are_refused(tmp_path):
    with pytest.raises(ContractError, match=r"/x: expected \(N, S, S, 3\) uint8"):
        find_foreign(write(tmp_path / "t.h5", x=X.astype(np.float32), y=Y))


def test_a_file_without_patches_is_refused(tmp_path):
    with pytest.raises(ContractError, match="/x: expected patches, found none"):
        find_foreign(write(tmp_path / "t.h5", x=X[:0], y=Y[:0]))


@pytest.mark.parametrize("name", ["x", "y"])
def test_a_truncated_file_is_named(tmp_path, name):
    paths = {"x": write(tmp_path / "t_x.h5", x=X), "y": write(tmp_path / "t_y.h5", y=Y)}
    paths[name].write_bytes(paths[name].read_bytes()[:-50])

    with pytest.raises(ContractError, match=rf"t_{name}\.h5: .*damaged or incomplete"):
        find_foreign(paths["x"])


def test_damage_met_while_reading_is_named(tmp_path):
    path = tmp_path / "t.h5"
    with h5py.File(path, "w") as file:
        file["y"] = Y
        file.create_dataset("x", data=X, chunks=(300, 4, 4, 3), compression="gzip")
        where = file["x"].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[where : where + 20] = b"\xff" * 20
    path.write_bytes(content)
    (slide,) = find_foreign(path)

    with pytest.raises(ContractError, match=r"t\.h5: .*damaged or incomplete"):
        list(slide.batches())
