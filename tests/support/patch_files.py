"""Small patch files, written by the real writer."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from common.patch_file.codec import Codec
from common.patch_file.schema import TUMOR, Header
from common.patch_file.writer import open_writer

NORMAL_COLOUR = (225, 170, 205)
TUMOR_COLOUR = (120, 80, 160)


def paint(labels, size, seed):
    """Patches (N, S, S, 3) uint8 with noise: tumour is dark violet, the rest is pink."""
    rng = np.random.default_rng(seed)
    colours = np.where(np.asarray(labels)[:, None] == TUMOR, TUMOR_COLOUR, NORMAL_COLOUR)
    noise = rng.integers(-25, 26, (len(labels), size, size, 3))
    return np.clip(colours[:, None, None, :] + noise, 0, 255).astype(np.uint8)


def write_patch_file(
    folder: Path,
    slide_id: str,
    *,
    patient: str = "",
    node: str = "",
    centre: str = "",
    split: str = "",
    labels=None,
    patches=None,
    n: int = 8,
    size: int = 16,
    mpp: float = 1.0,
    placed: bool = True,
    fingerprint: str | None = None,
    codec: Codec = "raw",
    seed: int = 0,
    part: int = 0,
    parts: int = 1,
) -> Path:
    """Write one patch file of a slide scanned at `mpp`, and return its path.

    Parameters
    ----------
    labels : sequence of int or None
        One per patch; None gives `n` patches, normal and tumour by turns.
    patches : (N, S, S, 3) uint8 or None
        Pixels; None paints them.
    placed : bool
        Patches in a grid of four columns, or without a place.
    fingerprint : str or None
        None makes one out of the slide's id.
    """
    n = n if patches is None else len(patches)
    labels = np.arange(n) % 2 if labels is None else np.asarray(labels)
    rows = -(-max(len(labels), 1) // 4)
    header = Header(
        slide_id=slide_id,
        patch_size=size,
        patch_mpp=mpp,
        patch_size_level0=size if placed else 0,
        level0_mpp=mpp,
        mpp_source="stated",
        level0_width=4 * size if placed else 0,
        level0_height=rows * size if placed else 0,
        slide_fingerprint=fingerprint or hashlib.sha256(slide_id.encode()).hexdigest(),
        reader="painted",
        sampling={"method": "dense", "seed": seed, "origin": [0, 0], "stride": size},
        config_sha256="0" * 64,
        software="tests",
        patient=patient,
        node=node,
        centre=centre,
        split=split,
        placed=placed,
        part=part,
        parts=parts,
    )
    path = folder / header.file_name
    places = np.array([(x * size, y * size) for y in range(rows) for x in range(4)], np.int64)
    coords = places[: len(labels)] if placed else np.full((len(labels), 2), -1, np.int64)
    unknown = np.full(len(labels), np.nan, np.float32)
    painted = paint(labels, size, [seed, *slide_id.encode()]) if patches is None else patches
    pixels = None if codec == "none" else painted
    with open_writer(path, header, codec=codec) as writer:
        writer.append(coords.reshape(-1, 2), labels.astype(np.int8), unknown, unknown, pixels)
        if placed:
            writer.reject(places[len(labels) :], "background")
        writer.finish()
    return path


def write_cohort(folder: Path, *, n: int = 8, size: int = 16) -> Path:
    """Six slides of six patients in two centres; every other slide holds tumour."""
    for number in range(6):
        labels = np.arange(n) % 2 if number % 2 == 0 else np.zeros(n, int)
        write_patch_file(
            folder,
            f"patient_{number:03d}_node_0",
            patient=f"patient_{number:03d}",
            centre=f"centre_{number // 3}",
            labels=labels,
            size=size,
            seed=number,
        )
    return folder
