from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
from patch_files import write_cohort, write_patch_file

from common.errors import ConfigError
from common.patch_file.reader import PatchFile
from common.patches import PatchSpec
from layer2_train.refusal import UnfitPatchesError
from layer2_train.survey import folder_names, source_of, survey


def problems(folder, *more):
    return [str(problem) for problem in survey(folder, *more).problems]


def test_a_source_says_what_the_file_says(tmp_path):
    path = write_patch_file(tmp_path, "s", patient="p", split="test", labels=[0, 1, -1, 1])

    found = source_of(PatchFile(path))

    assert (found.patient, found.given, found.normal, found.tumor) == ("p", "test", 1, 2)
    assert (found.unknown, found.patches, found.sampling) == (1, 4, "dense")
    assert found.file == "s.h5"


def test_whole_files_have_no_problems_and_open(tmp_path):
    found = survey(write_cohort(tmp_path))

    assert found.problems == ()
    assert [len(file) for file in found.opened()] == [8] * 6


def test_files_with_problems_are_not_opened(tmp_path):
    write_cohort(tmp_path)
    (tmp_path / "half.h5").write_bytes(b"half")

    with pytest.raises(UnfitPatchesError, match=r"half\.h5"):
        survey(tmp_path).opened()


@pytest.mark.parametrize("codec", ["raw", "jpeg"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_named_wherever_it_was_cut(tmp_path, codec, share):
    path = write_patch_file(tmp_path, "cut", codec=codec, n=40)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])

    (problem,) = problems(tmp_path)

    assert "cut.h5" in problem
    assert problem.endswith("Extract or import it anew")


@pytest.mark.parametrize("codec", ["raw", "jpeg"])
def test_an_end_of_zeros_is_told(tmp_path, codec):
    path = write_patch_file(tmp_path, "zeros", codec=codec, n=200)
    with h5py.File(path, "r+") as file:
        name = "patches" if codec == "raw" else "jpeg_bytes"
        file[name][len(file[name]) // 2 :] = 0

    (problem,) = problems(tmp_path)

    assert "zeros.h5" in problem


@pytest.mark.parametrize(("codec", "name"), [("raw", "patches"), ("jpeg", "jpeg_bytes")])
def test_pixels_that_were_never_written_are_told(tmp_path, codec, name):
    path = write_patch_file(tmp_path, "hole", codec=codec, n=40)
    with h5py.File(path, "r+") as file:
        shape = file[name].shape
        del file[name]
        file.create_dataset(name, shape, np.uint8, chunks=(1, *shape[1:]))[:1] = 1

    (problem,) = problems(tmp_path)

    assert f"hole.h5: /{name}: expected" in problem
    assert "the rest was never written" in problem


def test_labels_fewer_than_were_kept_are_told(tmp_path):
    path = write_patch_file(tmp_path, "s")
    with h5py.File(path, "r+") as file:
        counts = json.loads(file.attrs["counts"])
        file.attrs["counts"] = json.dumps({**counts, "kept": 9})

    assert "s.h5: /labels: expected 9 rows by `counts`, found 8" in problems(tmp_path)[0]


def test_a_label_that_stands_for_nothing_is_told(tmp_path):
    path = write_patch_file(tmp_path, "s")
    with h5py.File(path, "r+") as file:
        file["labels"][3] = 7

    assert "/labels: expected -1, 0 or 1" in problems(tmp_path)[0]


def test_a_file_that_is_not_complete_is_told(tmp_path):
    path = write_patch_file(tmp_path, "s")
    with h5py.File(path, "r+") as file:
        file.attrs["complete"] = False

    assert "s.h5: complete: expected true, found false" in problems(tmp_path)[0]


def test_the_few_that_differ_from_the_many_are_told(tmp_path):
    write_patch_file(tmp_path, "a_small", size=8)
    write_patch_file(tmp_path, "b_coarse", mpp=2.0)
    for name in ("s", "t", "u"):
        write_patch_file(tmp_path, name)

    small, coarse = problems(tmp_path)

    assert "a_small.h5: patch_size, patch_mpp: expected 16 px at 1 um/px as in s.h5" in small
    assert "b_coarse.h5" in coarse
    assert "found 16 px at 2 um/px" in coarse


def test_without_a_majority_no_file_is_blamed_and_both_scales_are_named(tmp_path):
    write_patch_file(tmp_path, "a", mpp=1.0)
    write_patch_file(tmp_path, "b", mpp=2.0)

    (problem,) = problems(tmp_path)

    assert problem.startswith(f"{tmp_path}: patch_size, patch_mpp: expected one size and scale, ")
    assert "found 16 px at 1 um/px in a.h5 and 16 px at 2 um/px in b.h5. Extract" in problem


def test_scales_within_two_per_cent_go_together(tmp_path):
    for number, mpp in enumerate((1.0, 1.01, 0.99)):
        write_patch_file(tmp_path, f"s{number}", mpp=mpp)

    assert problems(tmp_path) == []


def test_what_is_asked_for_stands_above_what_most_have(tmp_path):
    write_cohort(tmp_path)

    found = problems(tmp_path, PatchSpec(32, 1.0), "as in the bundle")

    assert len(found) == 6
    assert "expected 32 px at 1 um/px as in the bundle, found 16 px" in found[0]


def test_missing_parts_and_damaged_files_of_every_folder_are_told_together(tmp_path):
    for name in ("one", "two"):
        write_patch_file(tmp_path / name, "s", part=0, parts=3)
        (tmp_path / name / "half.h5").write_bytes(b"half")

    found = problems((tmp_path / "one", tmp_path / "two"))

    assert sum("expected 3 parts, found no part 1, 2" in problem for problem in found) == 2
    assert sum("half.h5" in problem for problem in found) == 2


def test_a_folder_without_patch_files_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="expected patch files"):
        survey(tmp_path)


def test_a_folder_given_twice_is_refused(tmp_path):
    write_cohort(tmp_path / "a")

    with pytest.raises(ConfigError, match="found it 2 times"):
        survey((tmp_path / "a", tmp_path / "b" / ".." / "a"))


def test_files_are_called_after_as_much_of_the_path_as_tells_folders_apart(tmp_path):
    one, other = tmp_path / "x" / "patches", tmp_path / "y" / "patches"

    assert list(folder_names([one])) == [""]
    assert list(folder_names([one, tmp_path / "mined"])) == ["patches/", "mined/"]
    assert list(folder_names([one, other])) == ["x/patches/", "y/patches/"]
