from __future__ import annotations

import pytest

from common.errors import ConfigError
from layer3_infer.candidates import candidates

NONE = (None, None)


def ids(found):
    return [source.slide_id for source in found]


def test_patches_come_from_patch_files_or_from_analysed_slides(
    bundle, patch_folder, cohort_csv, finished
):
    assert ids(candidates(bundle, patch_folder, NONE)) == ["green", "pink"]
    assert ids(candidates(bundle, None, (cohort_csv, finished))) == ["glass", "green", "pink"]
    assert ids(candidates(bundle, None, (cohort_csv, finished), ["pink"])) == ["pink"]


def test_slides_seen_in_training_can_be_left_out(bundle, patch_folder, cohort_csv, finished):
    assert ids(candidates(bundle, patch_folder, NONE, held_out=True)) == ["green"]
    found = candidates(bundle, None, (cohort_csv, finished), held_out=True)
    assert ids(found) == ["glass", "green"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((False, False, False), "found none"),
        ((True, True, True), "found --patches and --slides and --heatmaps"),
        ((True, True, False), "found --patches and --slides"),
        ((False, True, False), "found --slides"),
        ((False, False, True), "found --heatmaps"),
    ],
)
def test_one_of_both_must_be_given(bundle, patch_folder, cohort_csv, finished, given, said):
    all_three = (patch_folder, cohort_csv, finished)
    patches, *analysed = (
        path if is_there else None for path, is_there in zip(all_three, given, strict=True)
    )

    with pytest.raises(ConfigError, match=said):
        candidates(bundle, patches, tuple(analysed))
