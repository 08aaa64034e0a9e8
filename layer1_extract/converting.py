"""Patch files from one codec to another, everything else as it was."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from common.errors import ConfigError, ContractError
from common.files import remove_stale_partials, whole_file, writable
from common.outcomes import Outcome, attempt
from common.patch_file import schema
from common.patch_file.check import check
from common.patch_file.container import attribute, dataset, guarded
from common.patch_file.reader import PatchFile
from common.patch_file.writer import open_writer
from common.progress import progress
from common.provenance import software

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from common.patch_file.writer import PatchWriter
    from layer1_extract.config import StorageSettings

_COLUMNS: Final = (
    schema.COORDS,
    schema.LABELS,
    schema.TUMOR_FRACTION,
    schema.TISSUE_FRACTION,
    schema.REJECTED_COORDS,
    schema.REJECTED_REASON,
)
_ROWS: Final = 64
_BATCH_BYTES: Final = 64 << 20


def convert(
    files: Sequence[Path], out: Path, storage: StorageSettings, *, overwrite: bool = False
) -> tuple[list[Outcome], int]:
    """Write each patch file into another folder, with its pixels stored another way.

    A file that has the codec already, and with JPEG the quality, is copied as it is: encoding JPEG
    anew would lose once more. What an earlier run converted stays, so that the same call goes on
    where it was stopped.

    Parameters
    ----------
    files : sequence of Path
    out : Path
        Folder the files go to, each under its own name.
    storage : StorageSettings
    overwrite : bool
        Replace files that are there.

    Returns
    -------
    outcomes : list of Outcome
        One per file, under its name; a file that fails does not stop the others.
    kept : int
        How many of them an earlier run had converted.

    Raises
    ------
    ConfigError
        Before anything is written: where a file would replace itself, another of `files`, or one
        that is there and is not what it becomes.
    """
    _refuse_loss(files, out)
    there = [] if overwrite else [path for path in files if (out / path.name).exists()]
    _refuse_others(there, out, storage)
    with writable(out):
        out.mkdir(parents=True, exist_ok=True)
    convert_one = partial(_convert_file, out=out, storage=storage)
    return [
        _kept(path, out) if path in there else attempt(path.name, partial(convert_one, path))
        for path in files
    ], len(there)


def _refuse_loss(files: Sequence[Path], out: Path) -> None:
    for name, times in Counter(path.name for path in files).items():
        if times > 1:
            found = f"{times} named {name}"
            raise ConfigError(f"{out}: expected files of different names, found {found}")
    for path in files:
        target = out / path.name
        if target.exists() and target.samefile(path):
            raise ConfigError(f"{path}: --out: expected another folder, found the file's own")


def _refuse_others(files: Sequence[Path], out: Path, storage: StorageSettings) -> None:
    """Refuse what lies where the conversions of `files` go, and is none of them.

    Raises
    ------
    ConfigError
        Naming each.
    """
    others = [why for path in files if (why := _unlike(path, out / path.name, storage))]
    if others:
        found = "\n  ".join(others)
        raise ConfigError(
            f"{out}: expected nothing, or what an earlier run made of these files, found "
            f"{len(others)} that are not:\n  {found}\n"
            "Give another --out, or --overwrite to replace what is there"
        )


def _unlike(path: Path, there: Path, storage: StorageSettings) -> str:
    """How the file that is there differs from what `path` becomes; empty where it does not."""
    try:
        check(there)
        with closing(PatchFile(path)) as source, closing(PatchFile(there)) as target:
            was, asked = _stored(source), _named(storage.codec, storage.quality)
            if (found := _stored(target)) != asked:
                return f"{there}: its pixels are stored as {found}, not {asked}"
            said = {**target.header.attributes(), "counts": target.counts}
            header = source.header if was == asked else _converted(source.header, was)
            expected = {**header.attributes(), "counts": source.counts}
            differ = [n for n, v in expected.items() if n != "software" and said[n] != v]
            differ += [name for name in _COLUMNS if not _same(source, target, name)]
            return f"{there}: its {', '.join(differ)} differ" if differ else ""
    except ContractError as error:
        return str(error)


def _same(one: PatchFile, other: PatchFile, name: str) -> bool:
    return one.column(name).tobytes() == other.column(name).tobytes()


def _kept(path: Path, out: Path) -> Outcome:
    """The outcome of a file that an earlier run converted."""
    with closing(PatchFile(out / path.name)) as target:
        return Outcome(path.name, "done", counts=target.counts)


def _converted(header: schema.Header, was: str) -> schema.Header:
    """The header of a file whose pixels were stored another way, `was`, before."""
    reader = f"{header.reader}, converted from {was}"
    return replace(header, reader=reader, software=software())


def _convert_file(path: Path, out: Path, storage: StorageSettings) -> Outcome:
    check(path)
    target = out / path.name
    remove_stale_partials(target)
    with closing(PatchFile(path)) as source:
        _refuse_newer(source)
        was = _stored(source)
        if was == _named(storage.codec, storage.quality):
            check(path, decode=True)
            with whole_file(target) as copy:
                shutil.copyfile(path, copy)
            return Outcome(path.name, "done", counts=source.counts, notes=[f"{was} already"])
        if source.codec == "none":
            advice = "Extract again without --no-pixels"
            raise ContractError(
                path, f"/{schema.PATCHES}", "pixels to convert", "locations only", advice
            )
        header = _converted(source.header, was)
        with open_writer(target, header, storage.codec, storage.quality) as writer:
            _copy_patches(source, writer, with_pixels=storage.codec != "none")
            _copy_rejections(source, writer)
            counts = writer.finish()
    return Outcome(path.name, "done", counts=counts)


def _copy_patches(source: PatchFile, writer: PatchWriter, *, with_pixels: bool) -> None:
    coords, labels = source.coords, source.labels
    tumor, tissue = source.column(schema.TUMOR_FRACTION), source.column(schema.TISSUE_FRACTION)
    step = max(1, min(_ROWS, _BATCH_BYTES // (3 * source.header.patch_size**2)))
    with progress(None, f"convert {source.path.name}", total=len(source), unit="patch") as bar:
        for start in range(0, len(source), step):
            rows = np.arange(start, min(start + step, len(source)))
            patches = source.read(rows) if with_pixels else None
            writer.append(coords[rows], labels[rows], tumor[rows], tissue[rows], patches)
            bar.update(len(rows))


def _copy_rejections(source: PatchFile, writer: PatchWriter) -> None:
    coords, codes = source.column(schema.REJECTED_COORDS), source.column(schema.REJECTED_REASON)
    for name, code in schema.REASONS.items():
        if (codes == code).any():
            writer.reject(coords[codes == code], name)


def _stored(source: PatchFile) -> str:
    """How the pixels of a file are stored, in words."""
    if source.codec != "jpeg":
        return source.codec
    offsets = dataset(source.path, source.file, schema.JPEG_OFFSETS)
    return _named("jpeg", int(attribute(source.path, offsets, schema.JPEG_QUALITY)))


def _named(codec: str, quality: int) -> str:
    return f"jpeg of quality {quality}" if codec == "jpeg" else codec


def _refuse_newer(source: PatchFile) -> None:
    """What a newer version added would be lost on the way."""
    said = str(attribute(source.path, source.file, "format_version"))
    with guarded(source.path, "format_version", "two numbers with a point between"):
        newer = int(said.split(".")[1]) > int(schema.FORMAT_VERSION.split(".")[1])
    if newer:
        expected = f"{schema.FORMAT_VERSION} or older"
        advice = "Convert it with the software that wrote it"
        raise ContractError(source.path, "format_version", expected, said, advice)
