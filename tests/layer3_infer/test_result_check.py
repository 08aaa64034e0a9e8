from __future__ import annotations

import shutil

import pytest
from click.testing import CliRunner

from common.errors import ConfigError
from layer3_infer.cli import cli
from layer3_infer.result_check import check_results
from layer3_infer.results_folder import ResultsFolder

KINDS = ("heatmap.h5", "ome.tif", "geojson", "xml", "csv")


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "copy")


def test_every_file_of_a_finished_run_passes(finished):
    files = [finished / f"{slide}.{kind}" for slide in ("green", "pink", "glass") for kind in KINDS]

    assert check_results(files) == dict.fromkeys(files)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_off_is_refused_by_its_name(copy, kind):
    path = copy / f"green.{kind}"
    path.write_bytes(path.read_bytes()[:-40])

    (error,) = check_results([path]).values()

    assert str(error).startswith(str(path))


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_file_of_another_slide_is_refused(copy, kind):
    shutil.copy(copy / f"pink.{kind}", copy / f"green.{kind}")

    (error,) = check_results([copy / f"green.{kind}"]).values()

    assert error is not None
    assert "Run layer3-infer heatmap again" in str(error)


def test_what_was_made_of_a_heatmap_needs_it_beside(copy):
    ResultsFolder(copy).heatmap("green").unlink()

    (error,) = check_results([copy / "green.csv"]).values()

    assert "green.heatmap.h5: format: expected a heatmap file, found no file" in str(error)


def test_a_file_of_another_kind_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match=r"\.heatmap\.h5, \.ome\.tif, \.geojson, \.xml, \.csv"):
        check_results([tmp_path / "a.png"])


def test_the_command_says_each_file_and_ends_with_status_4_if_one_is_broken(copy):
    (copy / "green.csv").write_text("")
    words = ["check", str(copy / "green.csv"), str(copy / "green.geojson")]

    done = CliRunner().invoke(cli, words)

    assert done.exit_code == 4
    first, second = done.stdout.splitlines()
    assert first.startswith(f"{copy / 'green.csv'}: line 1: expected")
    assert second == f"{copy / 'green.geojson'}: whole"
