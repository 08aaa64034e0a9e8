from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patch_files import write_patch_file

from common.errors import ConfigError
from common.patch_file.check import check, violations
from common.patch_file.reader import PatchFile
from layer1_extract.config import StorageSettings
from layer1_extract.converting import convert

COLUMNS = ("coords", "labels", "tumor_fraction", "tissue_fraction", "rejected_coords")
CODECS = ("raw", "jpeg", "none")


def converted(path, out, codec, **options):
    storage = StorageSettings(codec=codec, quality=options.pop("quality", 95))
    return convert([path], out, storage)[0]


def pixels(path):
    with closing(PatchFile(path)) as file:
        return file.read(range(len(file)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    n=st.integers(0, 9),
    was=st.sampled_from(("raw", "jpeg")),
    becomes=st.sampled_from(CODECS),
    placed=st.booleans(),
)
def test_all_but_the_pixels_stays_as_it_is(tmp_path_factory, n, was, becomes, placed):
    folder = tmp_path_factory.mktemp("c")
    path = write_patch_file(folder, "s", n=n, codec=was, placed=placed, split="train")

    (outcome,) = converted(path, folder / "out", becomes, quality=80)

    target = folder / "out" / "s.h5"
    assert outcome.status == "done", outcome.reason
    assert list(violations(target, decode=True)) == []
    with closing(PatchFile(path)) as old, closing(PatchFile(target)) as new:
        assert new.codec == becomes
        assert new.counts == old.counts == outcome.counts
        for name in (*COLUMNS, "rejected_reason"):
            assert np.array_equal(new.column(name), old.column(name), equal_nan="f" in name)
        same = replace(new.header, reader=old.header.reader, software=old.header.software)
        assert same == old.header


@given(n=st.integers(1, 9))
def test_jpeg_becomes_raw_with_the_pixels_it_decodes_to(tmp_path_factory, n):
    folder = tmp_path_factory.mktemp("c")
    path = write_patch_file(folder, "s", n=n, codec="jpeg")

    converted(path, folder / "raw", "raw")

    assert np.array_equal(pixels(folder / "raw" / "s.h5"), pixels(path))


def test_the_file_says_its_quality_and_what_it_was(tmp_path):
    path = write_patch_file(tmp_path, "s", codec="raw")

    converted(path, tmp_path / "jpeg", "jpeg", quality=70)
    converted(tmp_path / "jpeg" / "s.h5", tmp_path / "again", "raw")

    with h5py.File(tmp_path / "jpeg" / "s.h5") as file:
        assert file["jpeg_offsets"].attrs["quality"] == 70
    assert check(tmp_path / "again" / "s.h5").reader == (
        "painted, converted from raw, converted from jpeg of quality 70"
    )


def test_jpeg_of_the_quality_asked_for_is_copied_and_not_encoded_anew(tmp_path):
    path = write_patch_file(tmp_path, "s", codec="jpeg")

    (outcome,) = converted(path, tmp_path / "out", "jpeg", quality=95)
    (other,) = converted(path, tmp_path / "less", "jpeg", quality=50)

    assert (tmp_path / "out" / "s.h5").read_bytes() == path.read_bytes()
    with h5py.File(path) as one, h5py.File(tmp_path / "less" / "s.h5") as less:
        assert len(less["jpeg_bytes"]) < len(one["jpeg_bytes"])
    assert (outcome.notes, other.notes) == (["jpeg of quality 95 already"], [])


@pytest.mark.parametrize("codec", ["raw", "jpeg"])
def test_pixels_that_are_not_there_cannot_be_converted(tmp_path, codec):
    path = write_patch_file(tmp_path, "s", codec="none")

    (outcome,) = converted(path, tmp_path / "out", codec)

    assert (outcome.status, outcome.exit_status) == ("failed", 4)
    assert "expected pixels to convert, found locations only" in outcome.reason
    assert not (tmp_path / "out" / "s.h5").exists()


def test_a_damaged_file_is_named_and_the_others_are_done(tmp_path):
    paths = [write_patch_file(tmp_path, name, codec="jpeg") for name in "abc"]
    with h5py.File(paths[1], "r+") as file:
        file["jpeg_bytes"][:] = 0

    outcomes, _ = convert(paths, tmp_path / "out", StorageSettings(codec="raw"))

    assert [outcome.exit_status for outcome in outcomes] == [0, 4, 0]
    assert str(paths[1]) in outcomes[1].reason
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.h5", "c.h5"]


def test_damage_in_a_file_that_is_only_copied_is_found_too(tmp_path):
    path = write_patch_file(tmp_path, "s", codec="jpeg")
    with h5py.File(path, "r+") as file:
        file["jpeg_bytes"][:] = 0

    (outcome,) = converted(path, tmp_path / "out", "jpeg")

    assert outcome.exit_status == 4


def test_a_file_of_a_newer_version_is_left_to_newer_software(tmp_path):
    path = write_patch_file(tmp_path, "s")
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = "1.17"

    (outcome,) = converted(path, tmp_path / "out", "jpeg")

    assert "expected 1.0 or older, found 1.17" in outcome.reason


def test_nothing_is_replaced_unless_asked(tmp_path):
    path = write_patch_file(tmp_path, "s")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "s.h5").write_text("mine")

    with pytest.raises(ConfigError, match=r"out/s\.h5: format: expected a patch file"):
        converted(path, tmp_path / "out", "jpeg")
    assert (tmp_path / "out" / "s.h5").read_text() == "mine"

    convert([path], tmp_path / "out", StorageSettings(codec="jpeg"), overwrite=True)
    check(tmp_path / "out" / "s.h5", decode=True)


@pytest.mark.parametrize("codec", CODECS)
def test_what_was_stopped_goes_on_with_what_is_missing(tmp_path, codec):
    paths = [write_patch_file(tmp_path, name, codec="raw") for name in "abcd"]
    out, storage = tmp_path / "out", StorageSettings(codec=codec, quality=80)
    convert(paths[1:2], out, storage)
    before = (out / "b.h5").stat().st_mtime_ns, (out / "b.h5").read_bytes()

    outcomes, kept = convert(paths, out, storage)

    assert ([outcome.status for outcome in outcomes], kept) == (["done"] * 4, 1)
    assert before == ((out / "b.h5").stat().st_mtime_ns, (out / "b.h5").read_bytes())
    assert outcomes[1].counts == outcomes[0].counts
    assert convert(paths, out, storage)[1] == 4
    for path in paths:
        check(out / path.name, decode=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"split": "test"}, "split"),
        ({"slide_fingerprint": "another"}, "slide_fingerprint"),
        ({"config_sha256": "e" * 64}, "config_sha256"),
    ],
)
def test_what_another_source_became_is_refused(tmp_path, change, said):
    path = write_patch_file(tmp_path, "s", codec="raw")
    converted(path, tmp_path / "out", "jpeg")
    before = (tmp_path / "out" / "s.h5").read_bytes()
    with h5py.File(path, "r+") as file:
        file.attrs.update(change)

    with pytest.raises(ConfigError, match=rf"s\.h5: its {said} differ"):
        converted(path, tmp_path / "out", "jpeg")
    assert (tmp_path / "out" / "s.h5").read_bytes() == before


def test_what_the_source_became_before_it_was_labelled_anew_is_refused(tmp_path):
    path = write_patch_file(tmp_path, "s", codec="raw")
    converted(path, tmp_path / "out", "none")
    with h5py.File(path, "r+") as file:
        file["labels"][:] = file["labels"][:][::-1]

    with pytest.raises(ConfigError, match="its labels differ"):
        converted(path, tmp_path / "out", "none")


@pytest.mark.parametrize(("codec", "quality"), [("raw", 95), ("jpeg", 60), ("none", 95)])
def test_a_file_stored_in_another_way_than_asked_is_refused(tmp_path, codec, quality):
    path = write_patch_file(tmp_path, "s", codec="raw")
    converted(path, tmp_path / "out", "jpeg", quality=80)

    with pytest.raises(ConfigError, match="stored as jpeg of quality 80, not"):
        converted(path, tmp_path / "out", codec, quality=quality)


def test_a_file_that_was_only_copied_is_kept_too(tmp_path):
    path = write_patch_file(tmp_path, "s", codec="jpeg")

    kept = [convert([path], tmp_path / "out", StorageSettings(codec="jpeg"))[1] for _ in range(2)]

    assert kept == [0, 1]


def test_a_file_never_replaces_itself(tmp_path):
    path = write_patch_file(tmp_path, "s")
    before = path.read_bytes()

    with pytest.raises(ConfigError, match="another folder, found the file's own"):
        convert([path], tmp_path, StorageSettings(codec="jpeg"), overwrite=True)
    assert path.read_bytes() == before


def test_files_of_one_name_are_refused(tmp_path):
    paths = [write_patch_file(tmp_path / name, "s") for name in "ab"]

    with pytest.raises(ConfigError, match=r"2 named s\.h5"):
        convert(paths, tmp_path / "out", StorageSettings())


def test_a_part_stays_a_part(tmp_path):
    path = write_patch_file(tmp_path, "s", part=1, parts=3)

    converted(path, tmp_path / "out", "jpeg")

    assert check(tmp_path / "out" / "s.part-1-of-3.h5").part == 1
