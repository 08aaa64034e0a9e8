from __future__ import annotations

import numpy as np
from patch_files import write_patch_file

from common.patch_file.reader import PatchFile, find_patch_files
from layer2_train.dataset import PatchDataset
from layer2_train.origins import origins


def test_patches_are_united_by_patient_then_by_slide_then_not_at_all(tmp_path):
    write_patch_file(tmp_path, "a", patient="p", n=2)
    write_patch_file(tmp_path, "b", patient="p", n=2)
    write_patch_file(tmp_path, "c", n=2)
    write_patch_file(tmp_path, "d", n=2, placed=False)

    of = origins(PatchDataset(find_patch_files(tmp_path)))

    assert of.groups[0] == of.groups[1] == of.groups[2] == of.groups[3]
    assert of.groups[4] == of.groups[5]
    assert len(np.unique(of.groups)) == 4
    assert of.over == "patients and slides and patches"
    assert (of.patients, of.slides) == (1, 4)


def test_patches_without_place_belong_to_their_patient_where_he_is_known(tmp_path):
    path = write_patch_file(tmp_path, "a", patient="p", n=4, placed=False)

    of = origins(PatchDataset([PatchFile(path)]))

    assert len(np.unique(of.groups)) == 1
    assert of.over == "patients"


def test_each_patch_knows_its_centre(tmp_path):
    write_patch_file(tmp_path, "a", centre="north", n=2)
    write_patch_file(tmp_path, "b", n=1)
    write_patch_file(tmp_path, "c", centre="east", n=1)

    of = origins(PatchDataset(find_patch_files(tmp_path)))

    assert of.centre_names == ("east", "north")
    assert of.centres.tolist() == [1, 1, -1, 0]


def test_patients_without_a_labelled_patch_are_not_counted(tmp_path):
    write_patch_file(tmp_path, "a", patient="p", labels=[0, 1])
    write_patch_file(tmp_path, "b", patient="q", labels=[-1, -1])

    of = origins(PatchDataset(find_patch_files(tmp_path)))

    assert (of.patients, of.slides) == (1, 1)
