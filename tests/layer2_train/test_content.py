from __future__ import annotations

import numpy as np
from patch_files import write_patch_file

from common.patch_file.reader import PatchFile
from layer2_train.content import content_sha256


def content(folder, **changes):
    return content_sha256(PatchFile(write_patch_file(folder, "s", **{"n": 4, **changes})))


def test_equal_places_and_labels_have_one_name_whatever_the_codec(tmp_path):
    assert content(tmp_path / "a") == content(tmp_path / "b", codec="jpeg")


def test_equal_counts_of_other_labels_have_another(tmp_path):
    one, other = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])

    assert content(tmp_path / "a", labels=one) != content(tmp_path / "b", labels=other)


def test_equal_labels_at_other_places_have_another(tmp_path):
    assert content(tmp_path / "a", size=16) != content(tmp_path / "b", size=8)
