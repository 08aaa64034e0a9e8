from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace

import h5py
import numpy as np
import pytest
from comparing import assert_equal, content
from patch_headers import header
from tiff_slides import asap, tissue_on_glass, write_slide

from common.cohort import SlideEntry
from common.config import load
from common.errors import ContractError
from common.outcomes import Outcome, read_outcome, write_outcome
from common.patch_file import schema
from common.patch_file.folder import patch_paths
from common.patch_file.reader import PatchFile
from common.patch_file.writer import open_writer
from common.units import units_of
from layer1_extract import joining
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import patch_path, preview_path
from layer1_extract.joining import join_files, join_slide
from layer1_extract.pipeline import extract
from layer1_extract.resume import Run
from layer1_extract.verdict import unreadable_note

SMALL = ["patch.size=32", "patch.mpp=0.5", "tissue.min_area_um2=1000", "tissue.close_um=16"]
DENSE = load(ExtractSettings, None, [*SMALL, "sampling.method=dense"])


@pytest.fixture(scope="module")
def entry(tmp_path_factory):
    path = write_slide(tmp_path_factory.mktemp("slide") / "s.tif", tissue_on_glass())
    return SlideEntry("s", path, slide_label="negative")


@pytest.fixture
def cut(entry, tmp_path):
    extract(units_of([entry], 3), Run(tmp_path / "cut", DENSE))
    return tmp_path / "cut"


@pytest.fixture
def whole(entry, tmp_path):
    extract(units_of([entry]), Run(tmp_path / "whole", DENSE))
    return tmp_path / "whole"


def written(folder, part, coords, **changes):
    """A part of a slide with a patch of one colour at each place, and one rejection."""
    head = header(part=part, parts=2, **changes)
    coords = np.array(coords, np.int64)
    patches = np.stack([np.full((8, 8, 3), x % 256, np.uint8) for x, _ in coords])
    fraction, labels = np.full(len(coords), 0.5, np.float32), np.zeros(len(coords), np.int8)
    with open_writer(folder / head.file_name, head) as writer:
        writer.append(coords, labels, fraction, fraction, patches)
        writer.reject(np.array([[900, part]], np.int64), "white")
        writer.finish()
    return folder / head.file_name


def joined(folder, *paths):
    files = [PatchFile(path) for path in paths]
    try:
        counts = join_files(folder / "s.h5", files)
    finally:
        for file in files:
            file.close()
    return counts, PatchFile(folder / "s.h5")


def test_patches_that_lie_between_one_another_come_into_order(tmp_path):
    one = written(tmp_path, 0, [[5, 0], [90, 0], [7, 300]])
    other = written(tmp_path, 1, [[40, 0], [6, 300], [8, 300]])

    counts, file = joined(tmp_path, one, other)

    with closing(file):
        assert file.coords.tolist() == [[5, 0], [40, 0], [90, 0], [6, 300], [7, 300], [8, 300]]
        assert file.read(range(6))[:, 0, 0, 0].tolist() == [5, 40, 90, 6, 7, 8]
        assert (file.header.part, file.header.parts) == (0, 1)
    assert (counts["kept"], counts["rejected"], counts["white"]) == (6, 2, 2)


@pytest.mark.parametrize(
    "changes",
    [{"slide_fingerprint": "0" * 64}, {"config_sha256": "d" * 64}, {"patient": "another"}],
)
def test_parts_of_different_slides_or_configurations_are_not_joined(tmp_path, changes):
    one = written(tmp_path, 0, [[5, 0]])
    other = written(tmp_path, 1, [[6, 0]], **changes)

    with pytest.raises(ContractError, match=f"part-1-of-2.*{next(iter(changes))}"):
        joined(tmp_path, one, other)
    assert not (tmp_path / "s.h5").exists()


def test_parts_that_different_versions_wrote_are_joined_and_name_both(tmp_path):
    one = written(tmp_path, 0, [[5, 0]], software="camnet 1")
    other = written(tmp_path, 1, [[6, 0]], software="camnet 2")

    _, file = joined(tmp_path, one, other)

    with closing(file):
        assert file.header.software == "camnet 1; camnet 2"


def test_joining_needs_little_memory_whatever_the_number_of_patches(tmp_path, monkeypatch):
    one = written(tmp_path, 0, [[x, 0] for x in range(0, 300, 3)])
    other = written(tmp_path, 1, [[x, 0] for x in range(1, 300, 3)])
    in_one_go = joined(tmp_path, one, other)[1]
    expected = in_one_go.read(range(200))
    in_one_go.close()

    monkeypatch.setattr("layer1_extract.joining._BATCH_BYTES", 3 * 3 * 8 * 8)  # 3 patches a time
    _, file = joined(tmp_path, one, other)

    with closing(file):
        assert np.array_equal(file.read(range(200)), expected)


def test_a_slide_is_joined_and_its_parts_go(cut, whole):
    outcome = join_slide(cut, "s", 3)

    assert_equal(content(whole), content(cut))
    assert [path.name for path in (cut / "outcomes").iterdir()] == ["s.json"]
    assert [path.name for path in (cut / "previews").iterdir()] == ["s.png"]
    expected = read_outcome(whole, "s")
    assert replace(outcome, seconds=0.0) == replace(expected, seconds=0.0)


@pytest.mark.parametrize("moment", range(8))
def test_killed_at_any_moment_the_same_call_completes(cut, whole, monkeypatch, moment):
    """Each step that changes the disk is the last one before the kill, in turn."""
    steps = 0

    class Killed(BaseException):
        pass

    def then_die(function):
        def step(*arguments, **options):
            nonlocal steps
            if steps == moment:
                raise Killed
            steps += 1
            return function(*arguments, **options)

        return step

    def join_thrice():
        for _ in range(3):
            join_slide(cut, "s", 3)

    with monkeypatch.context() as patch:
        for name in ("join_files", "join_previews", "write_outcome", "forget"):
            patch.setattr(joining, name, then_die(getattr(joining, name)))
        with pytest.raises(Killed):
            join_thrice()

    join_slide(cut, "s", 3)

    assert_equal(content(whole), content(cut))
    assert preview_path(cut, "s").read_bytes() == preview_path(whole, "s").read_bytes()
    assert len(patch_paths(cut)) == 1


def test_a_part_that_failed_or_is_missing_is_named(cut):
    patch_path(cut, "s.part-1-of-3").unlink()
    with pytest.raises(ContractError, match=r"s\.part-1-of-3\.h5: format: .* no file"):
        join_slide(cut, "s", 3)

    write_outcome(cut, Outcome("s", "failed", "why", part=2, parts=3))
    with pytest.raises(ContractError, match="part-2-of-3.*failed: why"):
        join_slide(cut, "s", 3)


def test_what_was_said_of_several_parts_is_said_once(cut):
    for part in range(3):
        outcome = read_outcome(cut, f"s.part-{part}-of-3")
        said = replace(outcome, suspect="all of it is tissue", notes=["a", f"b {part}"])
        write_outcome(cut, said)

    outcome = join_slide(cut, "s", 3)

    assert (outcome.suspect, outcome.notes) == ("all of it is tissue", ["a", "b 0", "b 1", "b 2"])


def test_parts_that_follow_from_different_things_are_not_joined(cut):
    outcome = read_outcome(cut, "s.part-2-of-3")
    inputs = {**outcome.inputs, "annotation_sha256": "another"}
    write_outcome(cut, replace(outcome, inputs=inputs))

    with pytest.raises(ContractError, match="annotation_sha256"):
        join_slide(cut, "s", 3)


def joined_and_whole(entry, tmp_path, draws, *overrides):
    """The outcomes of a slide joined from its draws, and of the same one extracted whole."""
    settings = load(ExtractSettings, None, [*SMALL, f"sampling.draws={draws}", *overrides])
    extract(units_of([entry], draws), Run(tmp_path / "cut", settings))
    extract(units_of([entry]), Run(tmp_path / "whole", settings))
    both = join_slide(tmp_path / "cut", "s", draws), read_outcome(tmp_path / "whole", "s")
    return [replace(outcome, seconds=0.0) for outcome in both]


def with_tumour(entry, folder):
    """The slide with two regions of tumour too small for their share."""
    corners = [(320, 192), (640, 320)]
    rings = [[(x, y), (x + 80, y), (x + 80, y + 80), (x, y + 80)] for x, y in corners]
    (folder / "s.xml").write_text(asap(rings))
    return replace(entry, slide_label="macro", annotation=folder / "s.xml")


@pytest.mark.parametrize("draws", [2, 4])
@pytest.mark.parametrize("strata", ["class", "region"])
def test_too_few_patches_are_counted_over_all_draws(entry, tmp_path, draws, strata):
    slide = with_tumour(entry, tmp_path)

    joined, whole = joined_and_whole(
        slide,
        tmp_path,
        draws,
        f"sampling.strata={strata}",
        "sampling.per_class=60",
        "sampling.min_distance_um=8",
    )

    assert joined == whole
    assert f"{whole.counts['tumor']} of 60 tumor" in joined.reason


def test_what_no_draw_kept_is_counted_over_all_draws(entry, tmp_path):
    joined, whole = joined_and_whole(
        entry, tmp_path, 2, "sampling.per_class=6", "filter.white_level=0"
    )

    assert joined == whole
    assert joined.status == "empty"


def test_patches_that_do_not_decode_are_counted_over_all_parts(cut):
    for part in range(3):
        outcome = read_outcome(cut, f"s.part-{part}-of-3")
        counts = {**outcome.counts, "unreadable": 1 + part}
        note = unreadable_note(counts)
        write_outcome(cut, replace(outcome, counts=counts, notes=["a", *note]))
        with h5py.File(patch_path(cut, outcome.name), "r+") as file:
            reasons = file["rejected_reason"]
            reasons[: 1 + part] = schema.REASONS["unreadable"]
            found = np.bincount(reasons[:], minlength=9)
            said = {name: int(found[code]) for name, code in schema.REASONS.items()}
            file.attrs["counts"] = json.dumps({**outcome.counts, **said})

    outcome = join_slide(cut, "s", 3)

    assert outcome.notes == ["a", "6 patches do not decode and were rejected"]
