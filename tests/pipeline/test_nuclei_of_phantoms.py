"""What layer 3 measures on nuclei, against the truth that layer 1 leaves beside its phantoms."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest

from common.cohort import read_cohort
from common.openslide_slide import OpenSlideSlide
from common.patches import PatchSpec
from layer1_extract.phantom.cohort import make_cohort
from layer1_extract.phantom.settings import PhantomSettings
from layer3_infer.explain.measures import MEASURES, measure
from layer3_infer.explain.nuclei import find_nuclei

pytestmark = pytest.mark.slow
SPEC = PatchSpec(128, 0.25)
STEP = 64
FEWEST = 3
TEXTURES = ("asm", "contrast", "entropy", "dissimilarity")
BY_CHANCE = 0.5


@dataclass(frozen=True)
class Measured:
    """Patches whose nuclei are all of one class: (N,) each."""

    tumor: np.ndarray
    true_number: np.ndarray
    true_area: np.ndarray
    found: dict[str, np.ndarray]

    def effect(self, name: str) -> float:
        """Difference of tumour and normal, in standard deviations within a class."""
        values = self.found[name]
        one, other = (values[(self.tumor == kind) & ~np.isnan(values)] for kind in (True, False))
        return float((one.mean() - other.mean()) / np.sqrt((one.var() + other.var()) / 2))


def measured(folder, differ) -> Measured:
    """Make a cohort whose classes differ in one thing, and measure patches of both."""
    settings = PhantomSettings(slides=2, size=2048, differ=frozenset({differ}))
    make_cohort(folder, settings, workers=1)
    facts, found = [], []
    for entry in read_cohort(folder):
        truth = json.loads((folder / "truth" / f"{entry.slide_id}.json").read_text())["nuclei"]
        slide = OpenSlideSlide(entry.path, entry.slide_id)
        for corner, fact in places(truth, 2048):
            patch = slide.read(*corner, SPEC)
            facts.append(fact)
            found.append(measure(patch, find_nuclei(patch, SPEC.mpp), SPEC.mpp))
    tumor, number, area = np.array(facts).T
    values = {name: np.array([each[name] for each in found]) for name in MEASURES}
    return Measured(tumor > 0, number, area, values)


def places(truth, size):
    """Corner, and (tumour, number, mean area) of the nuclei centred inside."""
    xy = np.stack([truth["x"], truth["y"]], axis=1)
    tumor, area = np.array(truth["tumor"]), np.array(truth["area_um2"])
    for y in range(0, size - SPEC.size, STEP):
        for x in range(0, size - SPEC.size, STEP):
            inside = np.all((xy >= (x, y)) & (xy < (x + SPEC.size, y + SPEC.size)), axis=1)
            if inside.sum() >= FEWEST and np.ptp(tumor[inside].astype(int)) == 0:
                normal = not tumor[inside][0]
                if normal and (x + y) % (4 * STEP):  # there are many
                    continue
                yield (x, y), (tumor[inside][0], inside.sum(), area[inside].mean())


@pytest.fixture(scope="module")
def differ_in_area(tmp_path_factory):
    return measured(tmp_path_factory.mktemp("area"), "area")


@pytest.fixture(scope="module")
def differ_in_texture(tmp_path_factory):
    return measured(tmp_path_factory.mktemp("texture"), "texture")


def test_measured_number_and_area_follow_the_truth(differ_in_area):
    area = differ_in_area.found["nuclei_area_mean"]
    known = ~np.isnan(area)
    number = differ_in_area.found["nuclei_number"]

    assert known.mean() > 0.9
    assert np.corrcoef(differ_in_area.true_area[known], area[known])[0, 1] > 0.9
    assert np.corrcoef(differ_in_area.true_number, number)[0, 1] > 0.8


def test_measured_areas_are_right_in_um2(differ_in_area):
    for kind in (True, False):
        chosen = differ_in_area.tumor == kind
        truth = differ_in_area.true_area[chosen].mean()

        found = np.nanmean(differ_in_area.found["nuclei_area_mean"][chosen])

        assert found == pytest.approx(truth, rel=0.1)


def test_where_nuclei_differ_in_area_area_tells_and_neither_texture_nor_shape(differ_in_area):
    others = ("nuclei_eccentricity", "correlation", *TEXTURES)

    assert differ_in_area.effect("nuclei_area_mean") > 4
    assert {name: differ_in_area.effect(name) for name in others} == pytest.approx(
        dict.fromkeys(others, 0), abs=BY_CHANCE
    )


def test_where_nuclei_differ_in_texture_texture_tells_and_area_does_not(differ_in_texture):
    textures = {name: differ_in_texture.effect(name) for name in TEXTURES}

    assert textures.pop("asm") < -4
    assert min(textures.values()) > 4
    assert abs(differ_in_texture.effect("nuclei_area_mean")) < BY_CHANCE
    assert abs(differ_in_texture.effect("nuclei_number")) < BY_CHANCE
