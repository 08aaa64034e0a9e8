"""One way to do some work, in a process of its own that is pinned to its cores.

Started with the job as JSON in its only argument. Each line on stdin asks for one run, which is
answered by a line of JSON: the fields of `timing.Run`. The process so stays warm between two runs,
while the other ways have their turn.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import h5py
import imagecodecs
import numpy as np
import openslide
import tifffile
from processes import cpu_seconds, peak_mib, watched

from common.cohort import read_cohort
from common.config import load
from common.outcomes import read_outcomes
from common.patch_file.codec import encode_jpeg
from common.patches import PatchSpec
from common.slide_reader import slide_of
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import extract_slide
from layer1_extract.filtering import pixel_reasons
from layer1_extract.looking import looking

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

Work = Callable[[], int]

_TOGETHER: Final = 64  # patches the OpenSlide loop writes at a time


@dataclass(frozen=True)
class Job:
    """What to do.

    Attributes
    ----------
    way : str
        A key of `WAYS`.
    slide : str
        A slide, or a folder with one.
    places : str
        An .npy file: (N, 2) int64 corners, level-0 px, in the order they are tried.
    settings : list of str
        ``key=value`` of layer 1.
    cores : list of int
        One worker each.
    out : str
        Folder for what the job writes.
    parts : int
        The extraction does only the middle one of so many parts of the slide.
    """

    way: str
    slide: str
    places: str
    settings: list[str]
    cores: list[int]
    out: str
    parts: int = 1

    @property
    def command(self) -> list[str]:
        """What starts a process that does it."""
        return [sys.executable, __file__, json.dumps(asdict(self))]

    @property
    def config(self) -> ExtractSettings:
        """The settings of layer 1."""
        return load(ExtractSettings, None, self.settings)

    def corners(self) -> npt.NDArray[np.int64]:
        """Where to read, (N, 2) level-0 px."""
        return np.load(self.places)


def bound(job: Job) -> Work:
    """Decode each tile of level 0 that a patch touches, once, and do nothing else."""
    (entry,) = read_cohort(Path(job.slide))
    with tifffile.TiffFile(entry.path) as tif:
        page: Any = tif.pages[0]
        numbers = _touched(job.corners(), job.config.patch.size, page)
        tiles = [(page.dataoffsets[number], page.databytecounts[number]) for number in numbers]
    decode = partial(
        imagecodecs.jpeg8_decode,
        tables=page.jpegtables,
        colorspace="YCBCR" if page.photometric == tifffile.PHOTOMETRIC.YCBCR else "RGB",
        outcolorspace="RGB",
    )
    file, workers = os.open(entry.path, os.O_RDONLY), len(job.cores)

    def some(part: list[tuple[int, int]]) -> None:
        for offset, length in part:
            decode(os.pread(file, length, offset))

    def work() -> int:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(some, [tiles[worker::workers] for worker in range(workers)]))
        return len(job.corners())

    return work


def openslide_loop(job: Job) -> Work:
    """Read each patch by a call of its own, filter it, and store it if that is asked for."""
    shares = np.array_split(job.corners(), len(job.cores))
    (entry,) = read_cohort(Path(job.slide))
    loop = partial(_openslide_share, str(entry.path), job)
    if len(shares) == 1:
        return lambda: loop(0, shares[0])
    pool = get_context("spawn").Pool(len(shares))
    pool.starmap(loop, [(n, share[:8]) for n, share in enumerate(shares)])  # imports, once
    return lambda: sum(pool.starmap(loop, enumerate(shares), chunksize=1))


def _openslide_share(path: str, job: Job, number: int, corners: npt.NDArray[np.int64]) -> int:
    cv2.setNumThreads(1)
    storage = job.config.storage
    patches = _openslide_patches(path, corners, job)
    if storage.codec == "none":
        return sum(1 for _ in patches) and len(corners)
    target = Path(job.out) / f"loop_{number}.h5"
    with h5py.File(target, "w") as file:
        _store(file, patches, len(corners), job)
        file.flush()
        os.fsync(os.open(target, os.O_RDONLY))
    return len(corners)


def _openslide_patches(
    path: str, corners: npt.NDArray[np.int64], job: Job
) -> Iterator[npt.NDArray[np.uint8]]:
    """The patches that pass the filter."""
    slide, settings = openslide.OpenSlide(path), job.config
    size = (settings.patch.size, settings.patch.size)
    for x, y in corners.tolist():
        rgba = np.asarray(slide.read_region((x, y), 0, size))
        patch = np.asarray(cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB), np.uint8)
        if not pixel_reasons(patch[None], settings.filter)[0]:
            yield patch


def _store(file: h5py.File, patches: Iterator[Any], most: int, job: Job) -> None:
    """As a careful loop would: a chunk per patch, or JPEG in one run of bytes; many at a time."""
    storage, size = job.config.storage, job.config.patch.size
    raw = storage.codec == "raw"
    shape, chunk = ((size, size, 3), (1, size, size, 3)) if raw else ((), (1 << 20,))
    data = file.create_dataset("data", (0, *shape), np.uint8, maxshape=(None, *shape), chunks=chunk)
    held: list[Any] = []
    for patch in patches:
        held.append(patch)
        if len(held) == min(_TOGETHER, most):
            _append(data, held, job)
            held = []
    _append(data, held, job)


def _append(data: h5py.Dataset, held: list[Any], job: Job) -> None:
    storage = job.config.storage
    if not held:
        return
    if storage.codec == "raw":
        added = np.stack(held)
    else:
        added = np.concatenate([encode_jpeg(patch, storage.quality) for patch in held])
    start = len(data)
    data.resize(start + len(added), axis=0)
    data[start:] = added


def looked_at(job: Job) -> Work:
    """This project's reading and filtering of given places; nothing is stored."""
    (entry,) = read_cohort(Path(job.slide))
    corners = job.corners()
    corners = corners[np.lexsort(corners.T)]  # the order extraction reads in

    def work() -> int:
        slide, settings = slide_of(entry), job.config
        spec = slide.spec_for(PatchSpec(settings.patch.size, slide.pyramid.mpp))
        look = looking(slide, spec, settings, len(job.cores))
        return sum(looked.stop - looked.start for looked in look(corners))

    return work


def extraction(job: Job) -> Work:
    """The extraction of the whole slide: survey, reading, filter, storage, preview."""
    (entry,) = read_cohort(Path(job.slide))
    out = Path(job.out) / "ours"

    def work() -> int:
        part, threads = job.parts // 2, len(job.cores)
        counts = extract_slide(
            entry, out, job.config, cut=(part, job.parts), threads=threads
        ).counts
        shutil.rmtree(out)
        return _looked_at(counts)

    return work


def command(job: Job) -> Work:
    """The whole command `extract`, the start of Python and all imports included."""
    out = Path(job.out) / "command"
    words = [word for setting in job.settings for word in ("--set", setting)]
    call = [sys.executable, "-m", "layer1_extract", "extract", job.slide, "--out", str(out)]
    call += [*words, "--workers", str(len(job.cores)), "--log-level", "error"]

    def work() -> int:
        shutil.rmtree(out, ignore_errors=True)
        with subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            ended.append(watched(process))
            if process.returncode:
                raise RuntimeError(process.stderr.read().decode() if process.stderr else "")
        return sum(_looked_at(outcome.counts) for outcome in read_outcomes(out))

    return work


WAYS: Final[dict[str, Callable[[Job], Work]]] = {
    "bound": bound,
    "openslide": openslide_loop,
    "looked_at": looked_at,
    "extraction": extraction,
    "command": command,
}
ended: list[float] = []
"""Peak memory, MiB, of the processes that a run started and that are gone."""


def _looked_at(counts: dict[str, int]) -> int:
    """How many patches were read, kept or not."""
    return counts["kept"] + sum(counts.get(name, 0) for name in ("white", "black", "unreadable"))


def _touched(corners: npt.NDArray[np.int64], edge: int, page: Any) -> list[int]:
    """Numbers of the tiles that patches lie on, each once."""
    down, across = page.tilelength, page.tilewidth
    touched = np.zeros((-(-page.imagelength // down), -(-page.imagewidth // across)), dtype=bool)
    for x, y in corners.tolist():
        rows = slice(y // down, (y + edge - 1) // down + 1)
        touched[rows, x // across : (x + edge - 1) // across + 1] = True
    return np.flatnonzero(touched).tolist()


def main() -> None:
    """Answer each line of stdin by one run."""
    job = Job(**json.loads(sys.argv[1]))
    os.sched_setaffinity(0, job.cores)
    cv2.setNumThreads(1)
    work = WAYS[job.way](job)
    for _ in sys.stdin:
        before, start = cpu_seconds(os.getpid()), time.perf_counter()
        patches = work()
        answer = {
            "seconds": time.perf_counter() - start,
            "cpu_seconds": cpu_seconds(os.getpid()) - before,
            "patches": patches,
            "peak_mib": max([peak_mib(os.getpid()), *ended]),
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
