from __future__ import annotations

import numpy as np
import pytest
from patch_files import write_patch_file

from common.errors import ContractError
from common.patch_file.reader import PatchFile
from common.patches import PatchSpec
from layer3_infer.explain.concept_sample import sample

SPEC = PatchSpec(16, 1.0)
LABELS = [0, 0, 0, 0, 0, 1, 1, 1, -1, -1]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patches")
    return [
        PatchFile(write_patch_file(folder, "a", labels=LABELS, patient="p", part=k, parts=2))
        for k in range(2)
    ]


def test_as_many_patches_of_each_label_are_drawn_from_all_parts(files):
    slide = sample(files, SPEC, per_class=4, seed=0)

    assert np.unique(slide.labels, return_counts=True)[1].tolist() == [4, 4, 4]
    assert set(slide.part.tolist()) == {0, 1}
    assert len(slide) == 12


def test_all_are_taken_where_there_are_no_more(files):
    assert len(sample(files, SPEC, per_class=100, seed=0)) == 20


def test_the_same_seed_draws_the_same_patches_and_another_draws_others(files):
    first, again, other = (sample(files, SPEC, 2, seed) for seed in (0, 0, 1))

    assert (first.row == again.row).all()
    assert (first.part == again.part).all()
    assert (first.row.tolist(), first.part.tolist()) != (other.row.tolist(), other.part.tolist())


def test_pixels_are_those_of_the_patches_drawn(files):
    slide = sample(files, SPEC, 3, seed=0)

    read = slide.read()

    for number, (part, row) in enumerate(zip(slide.part, slide.row, strict=True)):
        assert (read[number] == files[part].read([row])[0]).all()
        assert (slide.coords[number] == files[part].coords[row]).all()
        assert slide.labels[number] == files[part].labels[row]


def test_only_wanted_patches_are_drawn(files):
    slide = sample(files, SPEC, 100, 0, wanted=lambda slide_id, x, y: slide_id == "a" and x == 16)

    assert set(slide.coords[:, 0].tolist()) == {16}


def test_a_patient_not_known_makes_the_slide_its_own_group(files, tmp_path):
    unknown = PatchFile(write_patch_file(tmp_path, "b"))

    assert sample(files, SPEC, 1, 0).group == "patient p"
    assert sample([unknown], SPEC, 1, 0).group.startswith("slide ")


def test_patches_of_another_size_or_without_pixels_are_refused(files, tmp_path):
    with pytest.raises(ContractError, match="what the model takes, 32 px"):
        sample(files, PatchSpec(32, 1.0), 1, 0)
    bare = PatchFile(write_patch_file(tmp_path, "c", codec="none"))
    with pytest.raises(ContractError, match="Extract without --no-pixels"):
        sample([bare], SPEC, 1, 0)
