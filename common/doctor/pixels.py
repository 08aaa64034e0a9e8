"""A slide whose pixels are known, read by OpenSlide and by our own reader of tiles."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.doctor.finding import failed, ok, warning

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from common.doctor.finding import Finding
    from common.slides import Slide

_NAME: Final = "OpenSlide"
_SIDE: Final = 256
_TILE: Final = 128
_PATCH: Final = 64
_MPP: Final = 0.5
_FAR: Final = 8  # what JPEG of the best quality may change
_OLDEST: Final = (4,)
_ADVICE: Final = "pip install --force-reinstall 'openslide-bin>=4' openslide-python simplejpeg"


def look() -> list[Finding]:
    """Write two slides of known pixels, and read them both ways.

    OpenSlide must give those of an uncompressed one exactly, and of one of JPEG nearly. Our own
    reader of tiles must give the same as OpenSlide; where it does not it is not used.
    """
    try:
        from common.openslide_slide import library_version
    except (ImportError, OSError) as error:
        return [failed(_NAME, f"OpenSlide cannot be loaded: {error}", _ADVICE)]
    library = library_version()
    said = f"OpenSlide {library}"
    try:
        with tempfile.TemporaryDirectory() as folder:
            wrong, slow = _tried(Path(folder))
    except OSError as error:
        advice = "see what is said of temporary files"
        return [warning(_NAME, f"{said}: no slide could be written to try it: {error}", advice)]
    if wrong:
        return [failed(_NAME, f"{said}: {wrong}", _ADVICE)]
    if tuple(int(part) for part in library.split(".") if part.isdecimal()) < _OLDEST:
        known = "some of its older builds read wrong pixels; 4 and later do not"
        return [warning(_NAME, f"{said}: {known}", "pip install 'openslide-bin>=4'")]
    if slow:
        left = f"{said} gives the pixels of two slides made to try, the reader of tiles does not"
        advice = "slides are read by OpenSlide alone, some times slower: reinstall simplejpeg"
        return [warning(_NAME, f"{left} ({slow})", advice)]
    return [ok(_NAME, f"{said} and the reader of tiles give the pixels of two slides made to try")]


def painted() -> npt.NDArray[np.uint8]:
    """A board of four colours with a gradient over it, so that nothing can move unseen."""
    import numpy as np

    rows, columns = np.indices((_SIDE, _SIDE))
    colours = np.array([(220, 120, 170), (90, 60, 150), (240, 240, 240), (150, 200, 90)])
    board = colours[2 * (rows // _TILE) + columns // _TILE]
    return (board - (rows + 2 * columns)[..., None] // 48).astype(np.uint8)


def _tried(folder: Path) -> tuple[str, str]:
    """What is wrong with OpenSlide, and with our reader of tiles; empty where nothing is."""
    import numpy as np

    from common.cohort import SlideEntry
    from common.errors import SlideError
    from common.slide_reader import slide_of

    picture = painted()
    plain, jpeg = folder / "plain.tif", folder / "jpeg.tif"
    _write(plain, picture, None)
    _write(jpeg, picture, 100)
    entries = SlideEntry("plain", plain, mpp=_MPP), SlideEntry("jpeg", jpeg, mpp=_MPP)
    if not np.array_equal(_read(slide_of(entries[0], "openslide")), picture):
        return "reads other pixels from an uncompressed slide than are in it", ""
    theirs = _read(slide_of(entries[1], "openslide"))
    if theirs.shape != picture.shape:
        return "does not read all of a slide of JPEG", ""
    if (far := int(np.abs(theirs.astype(int) - picture).max())) > _FAR:
        return f"reads pixels from a slide of JPEG that are wrong by {far}", ""
    try:
        ours = _read(slide_of(entries[1], "tiff"))
    except SlideError as error:
        return "", str(error)
    return "", "" if np.array_equal(ours, theirs) else "other pixels"


def _write(path: Path, picture: npt.NDArray[np.uint8], quality: int | None) -> None:
    import numpy as np
    import simplejpeg
    import tifffile

    parts = [
        np.ascontiguousarray(picture[top : top + _TILE, left : left + _TILE])
        for top in range(0, _SIDE, _TILE)
        for left in range(0, _SIDE, _TILE)
    ]
    shape = {"shape": picture.shape, "dtype": "uint8", "tile": (_TILE, _TILE), "metadata": None}
    if quality is None:
        tifffile.imwrite(path, iter(parts), photometric="rgb", **shape)
        return
    tiles = [simplejpeg.encode_jpeg(part, quality, "RGB", "444") for part in parts]
    tifffile.imwrite(path, iter(tiles), photometric="ycbcr", compression="jpeg", **shape)


def _read(slide: Slide) -> npt.NDArray[np.uint8]:
    """All of a slide, patch by patch."""
    import numpy as np

    from common.patches import PatchSpec

    steps = np.arange(0, _SIDE, _PATCH, dtype=np.int64)
    corners = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    patches, readable = slide.reading(corners, PatchSpec(_PATCH, _MPP)).read(0, len(corners))
    if not readable.all():
        return np.empty((0, 0, 3), np.uint8)
    count = len(steps)
    board = patches.reshape(count, count, _PATCH, _PATCH, 3).swapaxes(1, 2)
    return board.reshape(_SIDE, _SIDE, 3)
