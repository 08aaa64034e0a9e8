from __future__ import annotations

from functools import partial

from typed_commands import typed

from layer1_extract.cli import cli

call = partial(typed, cli)


def test_a_folder_is_locked_and_what_changes_in_it_is_named(tmp_path):
    slide = tmp_path / "a.tif"
    slide.write_bytes(b"pixels")

    locked = call("lock", tmp_path, "--workers", 1)
    whole = call("verify", tmp_path)
    slide.write_bytes(b"pixelz")
    quick = call("verify", tmp_path, "--quick")
    changed = call("verify", tmp_path, "--lock", tmp_path / "dataset.sha256")

    assert [one.exit_code for one in (locked, whole, quick)] == [0, 0, 0], locked.output
    assert changed.exit_code == 4
    assert "a.tif" in changed.output
