from __future__ import annotations

import json
import shlex

import pytest
from click.testing import CliRunner
from tiff_slides import write_cohort_folder

from common.errors import ConfigError, ContractError
from layer1_extract.cli import cli

SMALL = (
    *("--set", "patch.size=32", "--set", "patch.mpp=0.5"),
    *("--set", "tissue.min_area_um2=1000", "--workers", "1"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_cohort_folder(tmp_path_factory.mktemp("cohort") / "a cohort 'with' ünusual name")


def call(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_from_scan_to_check(folder, tmp_path):
    scanned = call("scan", folder, "--out", tmp_path / "cohort.csv")
    assert scanned.exit_code == 0, scanned.output

    out = tmp_path / "out"
    done = call("extract", tmp_path / "cohort.csv", "--out", out, *SMALL, "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert [slide["status"] for slide in said["slides"]] == ["done"] * 3

    files = sorted((out / "patches").glob("*.h5"))
    checked = call("check", *files, "--decode")
    assert checked.exit_code == 0
    assert checked.stdout.count("keeps the specification") == 3


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


def test_phantom_makes_a_cohort_that_can_be_extracted(tmp_path):
    made = call("phantom", tmp_path / "p", "--slides", 1, "--size", 1024)
    assert made.exit_code == 0, made.output

    done = call("extract", tmp_path / "p", "--out", tmp_path / "out", "--workers", 1)
    assert done.exit_code == 0, done.output


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


def test_from_plan_to_joined_slides(folder, tmp_path):
    dense = (*SMALL[:-2], "--set", "sampling.method=dense", "--workers", 1)
    planned = call("plan", folder, *dense, "--blocks", 2, "--max-array", 4, "--json")
    assert planned.exit_code == 0, planned.output
    said = json.loads(planned.stdout)
    assert (said["plan"]["units"], said["plan"]["tasks"]) == (6, 1)
    assert shlex.split(said["command"])[:5] == [
        *("layer1-extract", "extract", str(folder), "--out", "OUT")
    ]

    out = tmp_path / "out"
    for index in (1, 0):
        shard = ("--shard", f"{index}/2")
        assert call("extract", folder, "--out", out, *dense, "--blocks", 2, *shard).exit_code == 0
        told = json.loads(call("status", out, "--json").stdout)["states"]
        assert (told["done"], told["missing"]) == (6 - 3 * index, 3 * index)

    done = call("merge", out, "--join", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["patches"] <= said["plan"]["patches"]
    assert len(list((out / "patches").glob("*.h5"))) == 3


def test_a_folder_with_gaps_is_not_merged(folder, tmp_path):
    assert call("extract", folder, "--out", tmp_path, *SMALL, "--shard", "0/3").exit_code == 0

    refused = CliRunner().invoke(cli, ["merge", str(tmp_path)])
    assert isinstance(refused.exception, ContractError)
    assert str(refused.exception).count("is missing") == 2


def test_random_sampling_is_cut_into_its_draws_or_not_at_all(folder, tmp_path):
    refused = call("extract", folder, "--out", tmp_path, *SMALL, "--blocks", 3)

    assert isinstance(refused.exception, ConfigError)
    assert "sampling.draws=3" in str(refused.exception)
