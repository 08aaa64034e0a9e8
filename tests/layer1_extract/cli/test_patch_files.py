from __future__ import annotations

import json
from functools import partial

from small_extraction import SMALL
from typed_commands import typed

from common.errors import ConfigError
from layer1_extract.cli import cli

call = partial(typed, cli)


def test_patch_files_change_their_codec_and_their_layout(folder, tmp_path):
    assert call("extract", folder, "--out", tmp_path / "raw", *SMALL).exit_code == 0
    files = sorted((tmp_path / "raw" / "patches").glob("*.h5"))

    done = call("convert", *files, "--out", tmp_path / "jpeg", "--codec", "jpeg", "--json")
    again = call("convert", *files, "--out", tmp_path / "jpeg", "--codec", "jpeg")
    other = call("convert", *files, "--out", tmp_path / "jpeg", "--codec", "raw")
    exported = call("export", tmp_path / "jpeg", "--out", tmp_path / "c.hdf5", "--layout", "camnet")

    assert done.exit_code == 0, done.output
    assert [one["slide_id"] for one in json.loads(done.stdout)["files"]] == [p.name for p in files]
    assert again.output.startswith(f"{len(files)} files: {len(files)} done")
    assert f"({len(files)} from an earlier run)" in again.output
    assert isinstance(other.exception, ConfigError)
    assert exported.exit_code == 0, exported.output
    assert (tmp_path / "c.hdf5").exists()
