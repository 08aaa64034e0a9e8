"""Writes the sample of the current lock file version; run once when a version is new.

python tests/support/make_lock_archive.py
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from layer1_extract.dataset_lock.lock_file import FORMAT_VERSION
from layer1_extract.dataset_lock.locking import lock

ARCHIVES = Path(__file__).parents[1] / "contract" / "archives" / "lock_file"
CONTENT = {
    "a.mrxs": b"slide",
    "a/Slidedat.ini": b"[GENERAL]\n",
    "centre_0/b c.tif": b"",
    "lesion_annotations/b c.xml": b"<ASAP_Annotations/>\n",
    "two\nlines": b"2",
    "back\\slash": b"1",
    os.fsdecode(b"a\xe9.tif"): b"latin",
}
"""Names, and what is in the files."""


def fill(folder: Path) -> None:
    """Write the files that the sample lists."""
    for name, content in CONTENT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def main(target: Path = ARCHIVES / f"v{FORMAT_VERSION}") -> None:
    """Write the sample, unless there is one."""
    if target.exists():
        return
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder))
        lock(Path(folder), workers=1)
        (target / "sample.sha256").write_bytes((Path(folder) / "dataset.sha256").read_bytes())


if __name__ == "__main__":
    main()
