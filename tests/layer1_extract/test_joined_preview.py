from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patch_headers import header
from PIL import Image

from common.errors import ContractError
from common.patch_file.reader import PatchFile
from common.patch_file.writer import open_writer
from layer1_extract.joined_preview import join_previews
from layer1_extract.preview import save_framed
from layer1_extract.squares import with_squares

SAID = [("a slide", (1, 2, 3))]
SIZES = ((700, 525), (200, 150))
BACKGROUND = np.random.default_rng(0).integers(0, 256, (525, 700, 3), np.uint8)


@contextmanager
def patch_file(path, rows, **changes):
    """A file of a slide of 2800 x 2100 px with a patch of each label at each place."""
    sizes = {"patch_size_level0": 40, "level0_width": 2800, "level0_height": 2100}
    coords = np.array([xy for xy, _ in rows], np.int64).reshape(-1, 2)
    labels = np.array([label for _, label in rows], np.int8)
    order = np.lexsort((coords[:, 0], coords[:, 1]))
    fraction = np.zeros(len(rows), np.float32)
    with open_writer(path, header(**{**sizes, **changes}), "none") as writer:
        writer.append(coords[order], labels[order], fraction, fraction, None)
        writer.finish()
    with closing(PatchFile(path)) as file:
        yield file


def save(path, file, said=SAID, sizes=SIZES):
    """The preview of a slide that shows noise."""
    pictures = [with_squares(BACKGROUND[:height, :width], file) for width, height in sizes]
    save_framed(path, *map(Image.fromarray, pictures), said, file)


places = st.tuples(
    st.integers(0, 60).map(lambda n: 13 * n), st.integers(0, 40).map(lambda n: 9 * n)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    rows=st.lists(
        st.tuples(places, st.sampled_from([1, 0, -1])), max_size=40, unique_by=lambda r: r[0]
    ),
    parts=st.integers(2, 4),
    edge=st.sampled_from([10, 40, 90]),
    method=st.sampled_from(["dense", "random"]),
)
def test_the_previews_of_parts_give_that_of_the_slide(tmp_path_factory, rows, parts, edge, method):
    folder = tmp_path_factory.mktemp("j")
    alike = {"patch_size_level0": edge, "sampling": {"method": method}}
    with ExitStack() as opened:
        whole = opened.enter_context(patch_file(folder / "s.h5", rows, **alike))
        each = [
            opened.enter_context(patch_file(folder / f"{k}.h5", rows[k::parts], **alike))
            for k in range(parts)
        ]
        save(folder / "whole.png", whole)
        for k, part in enumerate(each):
            save(folder / f"{k}.png", part)

        join_previews(
            folder / "joined.png", [folder / f"{k}.png" for k in range(parts)], each, whole
        )

    assert (folder / "joined.png").read_bytes() == (folder / "whole.png").read_bytes()


def test_another_picture_is_refused(tmp_path):
    Image.fromarray(BACKGROUND).save(tmp_path / "0.png")

    with (
        patch_file(tmp_path / "s.h5", []) as file,
        pytest.raises(ContractError, match=r"0\.png: preview"),
    ):
        join_previews(tmp_path / "joined.png", [tmp_path / "0.png"], [file], file)


def test_a_picture_of_another_size_is_refused(tmp_path):
    with patch_file(tmp_path / "s.h5", []) as file:
        save(tmp_path / "0.png", file)
        save(tmp_path / "1.png", file, sizes=((600, 450), SIZES[1]))
        previews = [tmp_path / "0.png", tmp_path / "1.png"]

        with pytest.raises(ContractError, match=r"1\.png: .* 700 x 525 px, found 600 x 450 px"):
            join_previews(tmp_path / "joined.png", previews, [file, file], file)
