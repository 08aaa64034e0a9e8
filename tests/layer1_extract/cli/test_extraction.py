from __future__ import annotations

from functools import partial

from small_extraction import SMALL
from typed_commands import typed

from common.errors import ConfigError
from layer1_extract.cli import cli

call = partial(typed, cli)


def test_masks_that_belong_to_no_slide_are_refused_before_anything_is_done(folder, tmp_path):
    masks, out = tmp_path / "masks", tmp_path / "out"
    masks.mkdir()
    (masks / "typo.geojson").touch()
    masked = (folder, *SMALL, "--masks", masks)

    for arguments in (
        ("extract", *masked, "--out", out),
        ("extract", *masked, "--out", out, "--shard", "1/3", "--dry-run"),
        ("plan", *masked),
    ):
        refused = call(*arguments)
        assert isinstance(refused.exception, ConfigError)
        assert "typo.geojson" in str(refused.exception)
    assert not out.exists()


def test_a_dry_run_writes_nothing(folder, tmp_path):
    said = call("extract", folder, "--out", tmp_path / "out", *SMALL, "--dry-run")

    assert said.exit_code == 0
    assert "3 slides, 3 to do" in said.stdout
    assert not (tmp_path / "out").exists()


def test_locations_alone_are_written_on_request(folder, tmp_path):
    done = call("extract", folder, "--out", tmp_path, *SMALL, "--no-pixels", "--shard", "0/3")

    assert done.exit_code == 0
    (path,) = (tmp_path / "patches").glob("*.h5")
    assert path.stat().st_size < 200_000


def test_random_sampling_is_cut_into_its_draws_or_not_at_all(folder, tmp_path):
    refused = call("extract", folder, "--out", tmp_path, *SMALL, "--blocks", 3)

    assert isinstance(refused.exception, ConfigError)
    assert "sampling.draws=3" in str(refused.exception)
