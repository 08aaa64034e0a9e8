"""Commands that test patch files, and change them to and from other forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from common.cli import FILE_PATH, INPUT_PATH, OUTPUT_PATH, Result, overridden, verb
from layer1_extract.cli.program import OUT, OVERWRITE, cli

if TYPE_CHECKING:
    from pathlib import Path

    from layer1_extract.config import ImportSettings


@verb(cli)
@click.argument("files", type=FILE_PATH, nargs=-1, required=True)
@click.option("--decode", is_flag=True, help="Read and decode every patch too.")
def check(files: tuple[Path, ...], decode: bool) -> Result:
    """Test whether FILES keep the specification of patch files."""
    from layer1_extract.results import of_check

    return of_check(files, decode=decode)


@verb(cli)
@click.argument("files", type=FILE_PATH, nargs=-1, required=True)
@OUT
@click.option(
    "--codec",
    type=click.Choice(["raw", "jpeg", "none"]),
    required=True,
    help="How pixels are stored; none keeps the locations only.",
)
@click.option("--quality", type=click.IntRange(1, 100), default=95, help="Of JPEG, 1 to 100.")
@OVERWRITE
def convert(
    files: tuple[Path, ...], out: Path, codec: str, quality: int, overwrite: bool
) -> Result:
    """Write patch FILES into the folder OUT with their pixels stored another way.

    Places, labels and what was rejected stay as they are. What JPEG lost stays lost, and a file of
    locations has no pixels to convert. A file that fails does not stop the others, and the same
    command goes on where it was stopped.
    """
    from layer1_extract import results
    from layer1_extract.config import StorageSettings
    from layer1_extract.converting import convert as convert_files

    storage = StorageSettings.model_validate({"codec": codec, "quality": quality})
    outcomes, kept = convert_files(files, out, storage, overwrite=overwrite)
    return results.of_run(outcomes, kept, out, "files")


@verb(cli)
@click.argument("patches", type=INPUT_PATH)
@click.option("--out", type=OUTPUT_PATH, required=True, help="HDF5 file to write.")
@click.option(
    "--layout",
    type=click.Choice(["camnet"]),
    default="camnet",
    help="camnet is class, level, centre, patient and node as groups, as in the original CamNet.",
)
@click.option(
    "--level",
    type=click.IntRange(0, 20),
    default=7,
    help="Level whose pixels its locations are in; 0 is exact, the original used 7.",
)
@OVERWRITE
def export(patches: Path, out: Path, layout: str, level: int, overwrite: bool) -> Result:
    """Write PATCHES, a folder of patch files, in another layout, as one file.

    Patient, node and centre must be known, and every patch labelled.
    """
    from layer1_extract.exporting import export_camnet

    write = {"camnet": export_camnet}[layout]
    written = write(patches, out, level, overwrite=overwrite)
    return Result(f"{written} patches in {out}", {"out": str(out), "patches": written})


@verb(
    cli,
    settings="layer1_extract.config:ImportSettings",
    name="import",
    overrides=overridden(mpp="mpp"),
    says_where=True,
)
@click.argument("source", type=INPUT_PATH)
@OUT
@click.option(
    "--split",
    type=click.Choice(["", "train", "valid", "test"]),
    default="",
    help="Side these patches are on, for training with given splits.",
)
@click.option("--mpp", type=float, help="Scale of the images, um/px; PatchCamelyon's is 0.972.")
@OVERWRITE
def import_(
    source: Path,
    out: Path,
    settings: ImportSettings,
    split: str,
    overwrite: bool,
) -> Result:
    """Take in patches cut by others.

    SOURCE is an HDF5 file of CamNet or PatchCamelyon, or a folder or zip file with class folders
    (0 and 1, or normal and tumor).
    """
    from layer1_extract import results
    from layer1_extract.importing import import_patches

    outcomes, kept = import_patches(source, out, settings, split=split, overwrite=overwrite)
    return results.of_run(outcomes, kept, out)
