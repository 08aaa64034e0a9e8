from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
import textwrap

import imagecodecs
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from project import ROOT
from tiff_variants import SUBSAMPLING, claiming, jpeg, shared, tissue

from common.tile_jpeg import decode, shared_tables

PIXELS = tissue(96, 64)
STREAM = jpeg(PIXELS)


def decoded(stream, tables=b"", colours="YCBCR", shape=(64, 96, 3)):
    """The pixels, or None where the stream does not decode."""
    pixels = np.zeros(shape, np.uint8)
    return pixels if decode(stream, tables, colours, pixels) else None


def progressive(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", progressive=True)
    return stream.getvalue()


@pytest.mark.parametrize("subsampling", SUBSAMPLING)
def test_a_tile_decodes_as_libjpeg_decodes_it(subsampling):
    stream = jpeg(PIXELS, subsampling=subsampling)

    expected = imagecodecs.jpeg8_decode(stream, colorspace="YCBCR", outcolorspace="RGB")
    assert np.array_equal(decoded(stream), expected)


def test_a_progressive_tile_decodes_too():
    stream = progressive(PIXELS)

    expected = imagecodecs.jpeg8_decode(stream, colorspace="YCBCR", outcolorspace="RGB")
    assert np.array_equal(decoded(stream), expected)


@pytest.mark.parametrize("subsampling", SUBSAMPLING)
def test_tables_may_be_kept_apart(subsampling):
    whole = jpeg(PIXELS, subsampling=subsampling)
    tables, (short,) = shared([whole])

    assert len(short) < len(whole)
    assert np.array_equal(decoded(short, shared_tables(tables)), decoded(whole))


def test_a_tile_without_its_tables_does_not_decode():
    _, (short,) = shared([STREAM])

    assert decoded(short) is None


@pytest.mark.parametrize("stored", ["RGB", "YCBCR"])
@pytest.mark.parametrize("said", ["RGB", "YCBCR"])
def test_the_directory_says_what_the_components_are_whatever_the_stream_says(stored, said):
    stream = jpeg(PIXELS, colours=stored)

    expected = imagecodecs.jpeg8_decode(stream, colorspace=said, outcolorspace="RGB")
    assert np.array_equal(decoded(stream, colours=said), expected)


@pytest.mark.parametrize("size", [(96, 65), (95, 64), (64, 96), (8, 8), (65_500, 65_500), (0, 0)])
def test_a_tile_of_another_size_than_the_directory_says_does_not_decode(size):
    assert decoded(claiming(STREAM, *size)) is None


def test_grey_and_four_colours_do_not_decode():
    for mode in ("L", "CMYK"):
        stream = io.BytesIO()
        Image.fromarray(PIXELS).convert(mode).save(stream, "JPEG")
        assert decoded(stream.getvalue()) is None


def test_no_stream_no_pixels():
    for stream in (b"", b"\xff", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"\0" * 500, STREAM[2:]):
        assert decoded(stream) is None


@given(st.integers(0, len(STREAM) - 3))
def test_a_stream_cut_short_does_not_decode_as_grey(length):
    assert decoded(STREAM[:length]) is None


def test_a_marker_amid_the_pixels_does_not_decode_as_grey():
    for marker in (b"\xff\xd9", b"\xff\xd3"):
        assert decoded(STREAM[:1500] + 20 * marker + STREAM[1540:]) is None


def test_bytes_after_the_last_pixel_are_no_damage():
    for tail in (b"\0" * 40, b"\xff\xd9", b"left over"):
        assert np.array_equal(decoded(STREAM + tail), decoded(STREAM))
        assert np.array_equal(decoded(STREAM[:-2] + tail + b"\xff\xd9"), decoded(STREAM))


def test_fill_bytes_before_a_marker_are_no_damage():
    assert np.array_equal(decoded(STREAM[:2] + b"\xff\xff\xff" + STREAM[2:]), decoded(STREAM))


@given(st.binary(max_size=200), st.integers(0, len(STREAM)), st.integers(0, 60))
@example(b"\xff\xd8", 0, 2)
def test_any_bytes_give_pixels_or_none(middle, at, gone):
    damaged = STREAM[:at] + middle + STREAM[at + gone :]

    assert decoded(damaged) is None or decoded(damaged).shape == (64, 96, 3)


@given(st.none() | st.binary(max_size=80).map(lambda tail: b"\xff\xd8\xff" + tail))
@example(b"\xff\xd8\xff\xdb\x00")
@example(b"")
def test_tables_of_any_bytes_do_a_tile_that_has_its_own_no_harm_but_to_be_refused(stream):
    pixels = decoded(STREAM, shared_tables(stream))

    assert pixels is None or np.array_equal(pixels, decoded(STREAM))


def test_a_progressive_tile_that_claims_to_be_vast_takes_no_memory(tmp_path):
    (tmp_path / "vast.jpg").write_bytes(claiming(progressive(PIXELS), 60_000, 60_000))
    code = """
        import re, sys
        from pathlib import Path
        import numpy as np
        from common.tile_jpeg import decode
        stream, pixels = Path(sys.argv[1]).read_bytes(), np.zeros((64, 96, 3), np.uint8)
        status = Path("/proc/self/status")  # of this process alone, not of what started it
        before = int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1])
        assert not decode(stream, b"", "YCBCR", pixels)
        print(int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) - before)
    """
    limit = 4 << 30

    run = subprocess.run(  # alone, since the peak of a process never falls
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "vast.jpg")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # each would reserve room
    )

    assert int(run.stdout) < 10_000  # KiB; decoding it would take 10 GiB
