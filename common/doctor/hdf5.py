"""Whether files between layers can be written and read: HDF5, and JPEG inside it."""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.doctor.finding import failed, ok, warning

if TYPE_CHECKING:
    from common.doctor.finding import Finding
    from common.doctor.host import Host

_ADVICE: Final = "pip install --force-reinstall --no-cache-dir"
_OTHERS_FILTERS: Final = {"gzip": 1, "shuffle": 2, "fletcher32": 3, "lzf": 32_000}
"""What files of others are compressed with; ours are not."""


def look(host: Host) -> list[Finding]:
    """Write pixels to a file, and read them.

    Without locks, as our files are written where a file system has none.
    """
    return [_file(host)]


def look_at_pictures() -> list[Finding]:
    """Write a JPEG picture, and read it."""
    import cv2
    import numpy as np

    from common.patch_file.codec import decode_jpeg, encode_jpeg

    picture = np.full((16, 16, 3), (200, 60, 120), dtype=np.uint8)
    decoded = np.empty_like(picture)
    decode_jpeg(encode_jpeg(picture, 95), decoded)
    far = int(np.abs(decoded.astype(int) - picture).max())
    said = f"simplejpeg {version('simplejpeg')}, OpenCV {cv2.__version__}"
    if far > 4:
        return [failed("JPEG", f"{said}: colours differ by {far}", f"{_ADVICE} simplejpeg")]
    return [ok("JPEG", f"{said} decode what they encode")]


def _file(host: Host) -> Finding:
    import h5py
    import numpy as np

    lacking = [name for name, code in _OTHERS_FILTERS.items() if not h5py.h5z.filter_avail(code)]
    said = f"h5py {version('h5py')}, HDF5 {h5py.version.hdf5_version}"
    pixels = np.arange(2 * 8 * 8 * 3, dtype=np.uint8).reshape(2, 8, 8, 3)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "patches.h5"
            with h5py.File(path, "w", locking=False) as file:
                file.create_dataset("patches", data=pixels, chunks=(1, 8, 8, 3))
            with h5py.File(path, "r", locking=False) as file:
                same = np.array_equal(np.asarray(file["patches"]), pixels)
    except OSError as error:
        chosen = host.variables.get("HDF5_USE_FILE_LOCKING", "")
        known = f" (HDF5_USE_FILE_LOCKING={chosen})" if chosen else ""
        advice = "see what is said of temporary files; HDF5_USE_FILE_LOCKING=FALSE where locks fail"
        return warning("HDF5", f"{said}: a file could not be tried{known}: {error}", advice)
    if not same:
        return failed("HDF5", f"{said} reads other pixels than it wrote", f"{_ADVICE} h5py")
    if lacking:
        files = f"imports of files compressed with {', '.join(lacking)} will fail"
        return warning("HDF5", f"{said}: {files}", f"{_ADVICE} h5py")
    return ok("HDF5", f"{said} reads what it writes; filters {', '.join(_OTHERS_FILTERS)}")
