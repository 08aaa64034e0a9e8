from __future__ import annotations

import numpy as np
import pytest
from colour_model import green_stain
from networks import DarkIsTumour
from patch_files import write_patch_file
from stained_tissue import tissue

from common.errors import ConfigError, ContractError
from common.model_bundle import Manifest
from common.patch_file.reader import PatchFile
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer3_infer.explain.stored_patches import sources_of, wanted_files

MANIFEST = Manifest(architecture="a", patch_size=16, patch_mpp=1.0, cam_layer="c")


@pytest.fixture
def parts(tmp_path):
    """A slide in two parts, of eight and of four patches."""
    paths = [
        write_patch_file(tmp_path, "s", n=n, part=part, parts=2, seed=part)
        for part, n in enumerate((8, 4))
    ]
    return [PatchFile(path) for path in paths]


def source_of(parts, **changes):
    (source,) = sources_of({"s": parts}, MANIFEST.model_copy(update=changes))
    return source


def test_patches_are_numbered_through_all_parts(parts):
    source = source_of(parts)

    facts = source.facts()

    assert len(facts.coords) == len(facts.labels) == 12
    assert np.array_equal(facts.coords[8:], parts[1].coords)
    assert np.array_equal(source.read(9), parts[1].read([1])[0])


@pytest.mark.parametrize("rows", [[11, 0, 8, 7], [3], []])
def test_answers_come_in_the_order_asked_for(parts, rows):
    source, predictor = source_of(parts), Predictor(DarkIsTumour(), Preprocessing(), 3)

    found = source.scores(np.array(rows, np.intp), predictor)

    patches = np.array([source.read(row) for row in rows], np.uint8).reshape(-1, 16, 16, 3)
    assert found.dtype == np.float32
    assert np.array_equal(found, predictor(patches))


def test_a_patient_the_model_has_met_is_told(parts):
    fingerprint = parts[0].header.slide_fingerprint

    assert source_of(parts).facts().seen_in_split == ""
    assert source_of(parts, slides={"test": [fingerprint]}).facts().seen_in_split == "test"


def test_patches_of_another_scale_are_refused(parts):
    with pytest.raises(ContractError, match="expected what the model takes, 16 px at 0.25 um/px"):
        source_of(parts, patch_mpp=0.25).facts()


def test_patches_have_the_colours_the_network_saw(tmp_path):
    stained = tissue(count=4, size=16)
    path = write_patch_file(tmp_path, "s", patches=stained)
    preprocessing = green_stain()

    found = source_of([PatchFile(path)], preprocessing=preprocessing).read(2)

    assert np.array_equal(found, preprocessing.fit(stained)(stained)[2])


def test_a_slide_asked_for_must_be_there(tmp_path):
    write_patch_file(tmp_path, "a")

    assert list(wanted_files(tmp_path, ["a"])) == ["a"]
    with pytest.raises(ConfigError, match="found b. There are: a"):
        wanted_files(tmp_path, ["a", "b"])
