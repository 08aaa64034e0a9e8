"""Files that claim to hold very much take little memory, and end in a message."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import hostile_files as hostile
import numpy as np
import pytest
from tiff_slides import tissue_on_glass, write_slide

from common.outcomes import read_outcome

BASE = ("--set", "patch.size=32", "--set", "patch.mpp=0.5", "--set", "sampling.method=dense")
WORDS = (*BASE, "--set", "tissue.min_area_um2=1000", "--set", "tissue.close_um=16")
MOST_MIB = 1024


def hdf5(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (10**6, 10**6), np.uint8, chunks=(1024, 1024))
    return path


BAD_SLIDES = {
    "300,000 px of holes": lambda path: hostile.sparse_tiff(path, 300_000, 300_000),
    "one tile of 1,048,576 px": lambda path: hostile.sparse_tiff(path, 2**20, 2**20, 2**20),
    "a header of 10^9 px alone": lambda path: hostile.sparse_tiff(path, 10**9, 10**9, whole=False),
    "a png bomb": hostile.png_bomb,
    "a jpeg bomb": hostile.jpeg_bomb,
    "hdf5": hdf5,
}


WATCH = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "layer1_extract", *sys.argv[2:]])
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(done.returncode)
"""
"""A small process between this one and the command: what a fork begins with counts for its peak."""


def limited(*words):
    """Status, output and peak memory (MiB) of a command."""
    with tempfile.TemporaryDirectory() as folder:
        peak = Path(folder) / "peak"
        command = [sys.executable, "-c", WATCH, str(peak), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        mib = int(peak.read_text()) / 1024
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr, mib


@pytest.mark.parametrize("kind", BAD_SLIDES)
def test_a_slide_that_claims_too_much_is_refused_in_little_memory(tmp_path, kind):
    path = BAD_SLIDES[kind](tmp_path / "s.tif")

    status, said, mib = limited(
        "extract", path, "--out", tmp_path / "out", *WORDS, "--workers", "1"
    )

    assert status == 3, said
    assert f"{path}: " in said
    assert mib < MOST_MIB


def test_tiles_that_claim_too_much_do_not_decode(tmp_path):
    path = hostile.slide_of_lying_tiles(tmp_path / "s.tif")

    status, said, mib = limited(
        "extract", path, "--out", tmp_path / "out", *WORDS, "--workers", "1"
    )

    outcome = read_outcome(tmp_path / "out", "s")
    assert status == 3, said
    assert outcome.status == "failed"
    assert mib < MOST_MIB


def test_a_mask_of_a_million_vertices_is_read(tmp_path):
    path = write_slide(tmp_path / "s.tif", tissue_on_glass())
    (tmp_path / "masks").mkdir()
    hostile.jagged_mask(tmp_path / "masks" / "s.geojson")

    words = (*WORDS, "--masks", tmp_path / "masks", "--workers", "1")
    status, said, mib = limited("extract", path, "--out", tmp_path / "out", *words)

    assert status == 0, said
    assert read_outcome(tmp_path / "out", "s").counts["kept"] > 0
    assert mib < MOST_MIB


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    path = hostile.zip_bomb(tmp_path / "bomb.zip", mib=1500)

    status, said, mib = limited("import", path, "--out", tmp_path / "out", "--mpp", "1")

    assert status in (2, 3, 4), said
    assert "tumor/0.png" in said
    assert mib < MOST_MIB
