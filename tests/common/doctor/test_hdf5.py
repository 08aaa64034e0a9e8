from __future__ import annotations

import tempfile
from importlib.metadata import PackageNotFoundError

import cv2
import h5py
import pytest
from fake_hosts import fake_host, only, states

from common.doctor import hdf5
from common.doctor.hdf5 import look, look_at_pictures


def test_pictures_are_read_as_they_were_written_whichever_package_brings_opencv(monkeypatch):
    def of(name):
        if name.startswith("opencv"):
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(hdf5, "version", of)

    (found,) = look_at_pictures()

    assert (found.name, found.state) == ("JPEG", "ok")
    assert cv2.__version__ in found.said


def test_files_are_read_as_they_were_written(tmp_path):
    found = look(fake_host(tmp_path))

    assert states(found) == [("HDF5", "ok")]
    assert h5py.version.hdf5_version in only(found, "HDF5").said


def test_a_filter_that_is_lacking_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(h5py.h5z, "filter_avail", lambda code: code != 32_000)

    found = only(look(fake_host(tmp_path)), "HDF5")

    assert found.state == "warning"
    assert "compressed with lzf will fail" in found.said


@pytest.mark.parametrize("kind", ["nowhere", "refused"])
def test_where_no_file_can_be_tried_it_says_so(tmp_path, monkeypatch, kind):
    def refuse(*_, **__):
        raise BlockingIOError(11, "unable to lock file")

    if kind == "nowhere":
        monkeypatch.setattr(tempfile, "tempdir", "/no/such")
    else:
        monkeypatch.setattr(h5py, "File", refuse)

    found = only(look(fake_host(tmp_path, HDF5_USE_FILE_LOCKING="TRUE")), "HDF5")

    assert found.state == "warning"
    assert "HDF5_USE_FILE_LOCKING=TRUE" in found.said
