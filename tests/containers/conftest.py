"""One small cohort through all three images, and through the plain environment."""

from __future__ import annotations

import image_runs
import pytest
import real_command
from small_pipeline import EXTRACT, HEATMAP, PHANTOM, TRAIN, Results


@pytest.fixture(scope="session")
def images():
    """The three images, or a skip that says what is missing."""
    if why := image_runs.missing():
        pytest.skip(why)


@pytest.fixture(scope="session")
def through_images(images, tmp_path_factory):
    """Each layer's part of the demo, as two users in turn."""
    one, other = image_runs.USERS
    folder = tmp_path_factory.mktemp("images")
    made, patches, trained, heatmaps = (
        image_runs.writable(folder / name, user)
        for name, user in zip(("made", "layer1", "layer2", "layer3"), (one, other) * 2, strict=True)
    )
    cohort = made / "cohort"
    image_runs.done("layer1_extract", "phantom", "/out/cohort", *PHANTOM, mounts={"/out": made})
    layer1 = {"mounts": {"/slides": f"{cohort}:ro", "/out": patches}, "user": other}
    words = ("extract", "/slides", "--out", "/out", *EXTRACT)
    image_runs.done("layer1_extract", *words, **layer1)
    image_runs.done("layer1_extract", "merge", "/out", **layer1)
    image_runs.done(
        *("layer2_train", "train", "--patches", "/patches", "--out", "/out", *TRAIN),
        mounts={"/patches": f"{patches}:ro", "/out": trained},
    )
    model = trained / "bundle"
    places = {"/slides": f"{cohort}:ro", "/models": f"{model}:ro", "/out": heatmaps}
    layer3 = {"mounts": places, "user": other}
    words = ("heatmap", "/slides", "--model", "/models", "--out", "/out", *HEATMAP)
    image_runs.done("layer3_infer", *words, **layer3)
    image_runs.done("layer3_infer", "report", "/out", "--annotations", "/slides", **layer3)
    return Results(cohort, patches, model, heatmaps)


@pytest.fixture(scope="session")
def plain(through_images, tmp_path_factory):
    """The same cohort and the same model, in this environment."""
    folder = tmp_path_factory.mktemp("plain")
    cohort, model = through_images.cohort, through_images.model
    patches, heatmaps = folder / "layer1", folder / "layer3"
    real_command.done("extract", cohort, "--out", patches, *EXTRACT)
    real_command.done("merge", patches)
    words = ("heatmap", cohort, "--model", model, "--out", heatmaps, *HEATMAP)
    real_command.done(*words, layer="layer3_infer")
    return Results(cohort, patches, model, heatmaps)
