from __future__ import annotations

import h5py
import pytest

from common.errors import ConfigError
from layer1_extract.importers import find_foreign


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(ConfigError, match="absent: expected a file or a folder"):
        find_foreign(tmp_path / "absent")


def test_another_kind_of_file_is_refused(tmp_path):
    (tmp_path / "patches.csv").write_text("a,b")

    with pytest.raises(ConfigError, match="expected HDF5, a folder or a zip file"):
        find_foreign(tmp_path / "patches.csv")


def test_hdf5_of_another_layout_is_refused_saying_what_it_holds(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["features"] = [1]

    with pytest.raises(ConfigError, match="found features"):
        find_foreign(tmp_path / "a.h5")
