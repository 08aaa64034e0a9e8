"""A heatmap does not depend on how the work was cut: shards, blocks, processes, kills."""

from __future__ import annotations

import os

import keras
import pytest
from click.testing import CliRunner
from colour_model import GREEN, PINK
from comparing import same_heatmaps
from real_command import done, kill, start
from small_cohort import MPP, SIZE, TISSUE, TUMOUR, filled
from tiff_slides import write_slide

from common.model_bundle import Manifest, write_bundle
from layer2_train.architectures import build
from layer2_train.config import NetworkSettings
from layer3_infer.cli import cli

SLIDES = ("a", "b", "c", "d")
WORDS = ("--set", "stride=12", "--set", "batch_size=32")


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Slides, and a network of convolutions, as the command is told of them."""
    folder = tmp_path_factory.mktemp("given")
    for name, tumour in zip(SLIDES, (GREEN, PINK, GREEN, GREEN), strict=True):
        left, top, right, bottom = TUMOUR
        moved = (left, top + 32 * ord(name) % 96, right, bottom)
        write_slide(folder / f"{name}.tif", filled((TISSUE, PINK), (moved, tumour)), MPP)
    keras.utils.set_random_seed(0)
    network = build(NetworkSettings(name="camnet_small"), SIZE).network
    manifest = Manifest(
        architecture="camnet_small",
        patch_size=SIZE,
        patch_mpp=MPP,
        cam_layer=network.layers[-3].name,
    )
    write_bundle(folder / "bundle", manifest, lambda p: network.save(p), "# Untrained\n")
    return "heatmap", str(folder), "--model", str(folder / "bundle"), *WORDS


@pytest.fixture(scope="module")
def one_go(given, tmp_path_factory):
    return call(given, tmp_path_factory.mktemp("one_go"), "--workers", 1)


def call(given, out, *words):
    done = CliRunner().invoke(cli, [*given, "--out", str(out), *map(str, words)])
    assert done.exit_code == 0, done.output
    return out


@pytest.mark.slow
@pytest.mark.parametrize("blocks", [1, 3])
def test_seven_shards_in_any_order_give_the_heatmaps_of_one_run(given, one_go, tmp_path, blocks):
    for index in (4, 1, 6, 0, 5, 2, 3):
        call(given, tmp_path, "--shard", f"{index}/7", "--blocks", blocks, "--workers", 2)

    assert CliRunner().invoke(cli, ["merge", str(tmp_path)]).exit_code == 0
    same_heatmaps(one_go, tmp_path, SLIDES)


@pytest.mark.slow
def test_two_processes_give_the_heatmaps_of_one(given, one_go, tmp_path):
    words = "--out", tmp_path, "--processes", 2, "--workers", 2, "--blocks", 2
    said = done(*given, *words, layer="layer3_infer")

    assert "4 slides: " in said.stdout
    same_heatmaps(one_go, tmp_path, SLIDES)


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_heatmaps_of_an_undisturbed_one(given, one_go, halt, tmp_path):
    words = "--out", tmp_path, "--workers", 1
    third = halt("layer3_infer.heatmap_file:write_heatmap", 3)
    third.ask()
    environment = {**os.environ, **third.environment}
    process = start(*given, *words, layer="layer3_infer", env=environment)
    assert third.halted() == [process.pid]
    kill(process)
    assert len(list(tmp_path.glob("*.heatmap.h5"))) == 2

    done(*given, *words, layer="layer3_infer")

    same_heatmaps(one_go, tmp_path, SLIDES)
