"""Patches cut by others: one layout per file, all giving the same value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py

from common.errors import ConfigError
from layer1_extract.importers import camnet, class_folders, pcam
from layer1_extract.importers.hdf5_source import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from layer1_extract.importers.foreign import ForeignSlide


def find_foreign(source: Path) -> list[ForeignSlide]:
    """The slides, or what stands for them, that `source` holds patches of.

    Parameters
    ----------
    source : Path
        A CamNet or PatchCamelyon HDF5 file, or a folder or zip file of class folders.

    Raises
    ------
    ConfigError
        If the source is none of these, saying what was looked for.
    ContractError
        If it is one of these, and damaged or of another shape.
    """
    if source.is_dir() or source.suffix.lower() == ".zip":
        return class_folders.find(source)
    if not source.is_file():
        raise ConfigError(f"{source}: expected a file or a folder to import, found nothing")
    if not h5py.is_hdf5(source):
        raise ConfigError(
            f"{source}: expected HDF5, a folder or a zip file, found another kind of file"
        )
    with open_source(source) as file:
        names = {str(name) for name in file}  # h5py gives bytes where they are no text
    if names & {"tumor", "normal"}:
        return camnet.find(source)
    if "x" in names:
        return pcam.find(source)
    raise ConfigError(
        f"{source}: expected the groups tumor and normal (CamNet), or the dataset x "
        f"(PatchCamelyon), found {', '.join(sorted(names)) or 'nothing'}"
    )
