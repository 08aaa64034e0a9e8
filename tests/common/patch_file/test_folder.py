from __future__ import annotations

import pytest

from common.errors import ConfigError, ContractError
from common.patch_file.folder import patch_paths
from common.patch_file.reader import find_patch_files


def touch(path):
    path.parent.mkdir(exist_ok=True)
    path.touch()


def test_a_folder_gives_its_files_or_those_of_its_patches_folder(tmp_path):
    for name in ("b.h5", "a.h5", ".c.h5.0123.partial", "notes.txt"):
        touch(tmp_path / "patches" / name)

    for folder in (tmp_path, tmp_path / "patches"):
        assert [path.stem for path in patch_paths(folder)] == ["a", "b"]
        assert [file.path.stem for file in find_patch_files(folder)] == ["a", "b"]


def test_a_folder_without_patch_files_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="found none"):
        patch_paths(tmp_path)


def test_an_incomplete_set_of_parts_is_refused_naming_what_is_missing(tmp_path):
    for part in (0, 2):
        touch(tmp_path / f"a.part-{part}-of-3.h5")

    with pytest.raises(ContractError, match="a: expected 3 parts, found no part 1"):
        patch_paths(tmp_path)

    touch(tmp_path / "a.part-1-of-3.h5")
    assert len(patch_paths(tmp_path)) == 3

    touch(tmp_path / "a.h5")
    with pytest.raises(ContractError, match="one whole file, found both"):
        patch_paths(tmp_path)
