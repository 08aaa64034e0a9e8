from __future__ import annotations

import pytest
from patch_files import write_patch_file

from layer1_extract.config import StorageSettings
from layer1_extract.converting import convert
from layer1_extract.stored_pixels import set_aside_other_storage, stored_otherwise

WAYS = [("raw", 95), ("jpeg", 95), ("jpeg", 80), ("none", 95)]


@pytest.mark.parametrize("n", [0, 4])
@pytest.mark.parametrize(("codec", "quality"), WAYS)
def test_a_file_is_as_configured_in_one_way_alone(tmp_path, n, codec, quality):
    own = StorageSettings(codec=codec, quality=quality)
    convert([write_patch_file(tmp_path, "s", n=n)], tmp_path / "out", own)

    right = [
        way
        for way in WAYS
        if not stored_otherwise(
            tmp_path / "out" / "s.h5", StorageSettings(codec=way[0], quality=way[1])
        )
    ]

    assert right == [(codec, quality)]


def test_what_is_wrong_is_said(tmp_path):
    path = write_patch_file(tmp_path, "s", n=2)

    said = stored_otherwise(path, StorageSettings(codec="jpeg", quality=80))

    assert said == "codec: expected jpeg of quality 80, as configured, found raw"


def test_only_a_file_stored_otherwise_is_set_aside(tmp_path):
    path, aside = write_patch_file(tmp_path, "s", n=2), tmp_path / "set_aside" / "s.h5"
    content = path.read_bytes()

    set_aside_other_storage(path, StorageSettings(codec="raw"))
    assert path.exists()
    set_aside_other_storage(path, StorageSettings(codec="jpeg"))
    assert not path.exists()
    assert aside.read_bytes() == content

    set_aside_other_storage(path, StorageSettings(codec="jpeg"))
    path.write_bytes(content[:100])
    set_aside_other_storage(path, StorageSettings(codec="jpeg"))
    assert path.exists()
