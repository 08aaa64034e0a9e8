from __future__ import annotations

import shutil

import numpy as np
import pytest
from colour_model import GREEN, PINK, green_stain, write_colour_bundle

from common.cohort import read_cohort
from common.errors import ConfigError, ContractError
from common.patches import PatchSpec
from common.slide_reader import slide_of
from layer3_infer.explain.analysed_patches import analysed_slides
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.locations import DenseLocations
from layer3_infer.predict import stain_of


@pytest.fixture
def entries(cohort_csv):
    return {entry.slide_id: entry for entry in read_cohort(cohort_csv)}


@pytest.fixture
def green(entries, finished, bundle):
    (source,) = analysed_slides([entries["green"]], finished, bundle)
    return source


def test_patches_and_answers_are_those_of_the_heatmap(green, finished):
    made = read_heatmap(finished / "green.heatmap.h5")
    facts = green.facts()

    rows = np.arange(len(facts.coords))
    assert np.array_equal(facts.coords, made.heatmap.xy)
    assert np.array_equal(green.scores(rows, None), made.heatmap.scores)
    assert green.scores(rows[[5, 2]], None).tolist() == made.heatmap.scores[[5, 2]].tolist()
    assert facts.edge == made.heatmap.grid.edge == 32
    assert facts.config_sha256 == made.header.config_sha256
    assert (facts.labels == -1).all()


def test_pixels_are_read_from_the_slide(green):
    facts = green.facts()
    scores = green.scores(np.arange(len(facts.coords)), None)

    assert (green.read(int(scores.argmax())) == GREEN).all()
    assert (green.read(int(scores.argmin())) == PINK).all()


def test_a_slide_the_model_has_met_is_told(entries, finished, bundle):
    (source,) = analysed_slides([entries["pink"]], finished, bundle)

    assert source.facts().seen_in_split == "train"


def test_the_stain_is_measured_as_for_the_heatmap(entries, finished, bundle):
    """The heatmap's model and one with a stain share a file here, as only pixels are looked at."""
    preprocessing = green_stain()
    manifest = bundle.manifest.model_copy(update={"preprocessing": preprocessing})
    (source,) = analysed_slides([entries["green"]], finished, type(bundle)(bundle.path, manifest))
    slide, spec = slide_of(entries["green"]), PatchSpec(32, 0.5)
    heatmap = read_heatmap(finished / "green.heatmap.h5").heatmap

    stain = stain_of(slide, DenseLocations(heatmap.grid, heatmap.xy), spec, preprocessing)

    x, y = heatmap.xy[0].tolist()
    assert np.array_equal(source.read(0), stain(slide.read(x, y, spec)[None])[0])


def test_a_heatmap_of_another_model_or_slide_is_refused(entries, finished, bundle, tmp_path):
    other = write_colour_bundle(tmp_path / "bundle", size=64)
    (source,) = analysed_slides([entries["green"]], finished, other)
    with pytest.raises(ContractError, match="model_sha256: expected .* Make the heatmap anew"):
        source.facts()

    shutil.copy(finished / "pink.heatmap.h5", tmp_path / "green.heatmap.h5")
    (source,) = analysed_slides([entries["green"]], tmp_path, bundle)
    with pytest.raises(ContractError, match="slide_fingerprint: expected"):
        source.facts()


def test_only_slides_with_a_heatmap_are_explained(entries, finished, bundle, tmp_path):
    shutil.copy(finished / "green.heatmap.h5", tmp_path)

    found = analysed_slides(list(entries.values()), tmp_path, bundle)

    assert [source.slide_id for source in found] == ["green"]
    with pytest.raises(ConfigError, match="none of pink. There are: green"):
        analysed_slides(list(entries.values()), tmp_path, bundle, ["green", "pink"])
    with pytest.raises(ConfigError, match="Run layer3-infer heatmap first"):
        analysed_slides(list(entries.values()), tmp_path / "empty", bundle)
