from __future__ import annotations

import struct

import numpy as np
import pytest
import tifffile
from tiff_variants import Variant, encoded, write_variant

from common.tiff_layout import TiledLevel, tiled_levels

APERIO = "Aperio Image Library v1\nx|MPP = 0.5"


def levels_of(tmp_path, variant):
    return tiled_levels(write_variant(tmp_path / "s.tif", variant), variant.sizes)


@pytest.mark.parametrize("big", [True, False])
@pytest.mark.parametrize("order", ["<", ">"])
def test_each_level_says_where_its_tiles_lie(tmp_path, big, order):
    variant = Variant(tile=(128, 64), levels=((250, 200),), big=big, order=order)
    path = write_variant(tmp_path / "s.tif", variant)

    first, second = tiled_levels(path, variant.sizes)

    assert (first.width, first.height) == (500, 400)
    assert (first.tile_width, first.tile_height) == (128, 64)
    assert first.offsets.shape == first.lengths.shape == (7, 4)
    assert second.offsets.shape == (4, 2)
    data = path.read_bytes()
    for offset, length in zip(first.offsets.ravel(), first.lengths.ravel(), strict=True):
        stream = data[offset : offset + length]
        assert (stream[:2], stream[-2:]) == (b"\xff\xd8", b"\xff\xd9")


def test_tables_are_given_where_the_tiles_share_them(tmp_path):
    (apart,) = levels_of(tmp_path, Variant())
    (whole,) = levels_of(tmp_path, Variant(shared_tables=False))

    assert apart.tables.startswith(b"\xff\xdb")
    assert whole.tables == b""


@pytest.mark.parametrize("colours", ["YCBCR", "RGB"])
def test_the_directory_says_what_the_components_are(tmp_path, colours):
    (level,) = levels_of(tmp_path, Variant(colours=colours))

    assert level.colours == colours


def test_a_missing_tile_has_length_0(tmp_path):
    (level,) = levels_of(tmp_path, Variant(missing=frozenset({(0, 5)})))

    assert np.argwhere(level.lengths == 0).tolist() == [[1, 1]]


def test_a_level_is_told_by_its_size_alone(tmp_path):
    path = write_variant(tmp_path / "s.tif", Variant(levels=((250, 200), (77, 61))))

    found = tiled_levels(path, [(77, 61), (500, 400), (99, 99)])

    assert [isinstance(level, TiledLevel) and level.width for level in found] == [77, 500, False]
    assert found[2] == "0 directories of its size"


def test_two_directories_of_one_size_are_not_guessed_between(tmp_path):
    path = write_variant(tmp_path / "s.tif", Variant(levels=((500, 400),)))

    assert tiled_levels(path, [(500, 400)]) == ["2 directories of its size"]


@pytest.mark.parametrize(
    ("variant", "found"),
    [
        (Variant(compression=1), "compression NONE"),
        (Variant(compression=5), "compression LZW"),
        (Variant(compression=8), "compression ADOBE_DEFLATE"),
        (Variant(compression=33005), "compression APERIO_JP2000_RGB"),
        (Variant(tags={262: (1,)}), "three colours"),
        (Variant(tags={284: (2,)}), "three colours"),
        (Variant(tags={274: (6,)}), "not upright"),
        (Variant(tags={322: (0,)}), "strips"),
    ],
)
def test_what_else_a_level_is_stored_as_is_named(tmp_path, variant, found):
    (level,) = levels_of(tmp_path, variant)

    assert isinstance(level, str)
    assert found in level


def test_tiles_no_scanner_makes_are_not_taken(tmp_path):
    (level,) = levels_of(tmp_path, Variant(tags={322: (1 << 20,), 323: (1 << 20,)}))

    assert level == "tiles of 1048576 x 1048576 px"


def test_where_aperio_leaves_out_a_tile_no_level_is_taken(tmp_path):
    variant = Variant(levels=((250, 200),), description=APERIO, missing=frozenset({(0, 3)}))

    levels = levels_of(tmp_path, variant)

    assert all("tiles missing" in level for level in levels)


def test_aperio_files_with_all_their_tiles_are_taken(tmp_path):
    levels = levels_of(tmp_path, Variant(levels=((250, 200),), description=APERIO))

    assert all(isinstance(level, TiledLevel) for level in levels)


@pytest.mark.parametrize(
    "content", [b"", b"II", b"not a TIFF at all", b"II\x2a\x00\xff\xff\xff\xff"]
)
def test_what_is_no_tiff_has_no_tiles(tmp_path, content):
    (tmp_path / "s.tif").write_bytes(content)

    (level,) = tiled_levels(tmp_path / "s.tif", [(500, 400)])

    assert level.startswith("no TIFF that can be read")


def test_a_missing_file_has_no_tiles(tmp_path):
    assert "No such file" in tiled_levels(tmp_path / "absent.tif", [(5, 4)])[0]


def test_a_chain_of_directories_that_runs_in_a_circle_ends(tmp_path):
    data = bytearray(encoded(Variant()))
    first = int.from_bytes(data[8:16], "little")
    entries = int.from_bytes(data[first : first + 8], "little")
    link = first + 8 + 20 * entries
    data[link : link + 8] = first.to_bytes(8, "little")
    (tmp_path / "s.tif").write_bytes(data)

    (level,) = tiled_levels(tmp_path / "s.tif", [(500, 400)])

    assert isinstance(level, TiledLevel)


def test_more_tiles_than_the_file_lists_are_damage(tmp_path):
    (level,) = levels_of(tmp_path, Variant(tags={256: (5000,)}))
    variant = Variant(tags={256: (1_000_000_000,), 257: (1_000_000_000,)})
    vast = tiled_levels(write_variant(tmp_path / "v.tif", variant), [(10**9, 10**9)])

    assert level == "0 directories of its size"
    assert vast[0].startswith("no TIFF that can be read")


def test_directories_without_end_are_not_all_read(tmp_path):
    data = bytearray(encoded(Variant(big=False)))
    first = int.from_bytes(data[4:8], "little")
    link = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little")
    for _ in range(3_000):
        data[link : link + 4] = len(data).to_bytes(4, "little")
        link = len(data) + 14
        data += struct.pack("<HHHII", 1, 256, 4, 1, 500) + bytes(4)
    (tmp_path / "s.tif").write_bytes(data)

    with tifffile.TiffFile(tmp_path / "s.tif") as tiff:
        counted = len(tiff.pages)
    (level,) = tiled_levels(tmp_path / "s.tif", [(500, 400)])

    assert counted == 3_001
    assert isinstance(level, TiledLevel)
