"""What is in folders of patch files, and everything that keeps them from being used.

Nothing here stops at the first mistake, and no file's labels or places are held after it was
looked at: memory does not grow with the number of patches.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.errors import ConfigError, ContractError
from common.patch_file import schema
from common.patch_file.check_pixels import unwritten_violations
from common.patch_file.container import ANEW, guarded
from common.patch_file.folder import named_paths, part_violations
from common.patch_file.reader import PatchFile
from common.progress import progress
from layer2_train.content import content_sha256, sample_rows
from layer2_train.refusal import UnfitPatchesError
from layer2_train.splits import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from common.patches import PatchSpec


@dataclass(frozen=True)
class Surveyed:
    """A patch file that is fit to be used by itself.

    Attributes
    ----------
    path : Path
    source : Source
    spec : PatchSpec
    """

    path: Path
    source: Source
    spec: PatchSpec


@dataclass(frozen=True)
class Survey:
    """Patch files in the order of their folders, and all that is wrong with others.

    Attributes
    ----------
    files : tuple of Surveyed
        Fit by themselves.
    problems : tuple of ContractError
        Damaged files, files of locations, patches of another size or scale, missing parts.
    """

    files: tuple[Surveyed, ...]
    problems: tuple[ContractError, ...]

    @property
    def sources(self) -> tuple[Source, ...]:
        """What is known of each file."""
        return tuple(one.source for one in self.files)

    def opened(self) -> tuple[PatchFile, ...]:
        """The files, none of them read yet.

        Raises
        ------
        UnfitPatchesError
            With every problem, if there is one.
        """
        if self.problems:
            raise UnfitPatchesError(self.problems)
        return tuple(PatchFile(one.path) for one in self.files)


def survey(
    folders: Path | Sequence[Path], spec: PatchSpec | None = None, whose: str = ""
) -> Survey:
    """Look into every patch file of some folders.

    Parameters
    ----------
    folders : Path or sequence of Path
        Each of patch files, or with a folder ``patches`` of them.
    spec : PatchSpec or None
        What all must agree with; None takes what most of them have, where there is a majority.
    whose : str
        Who asks for `spec`, for messages.

    Raises
    ------
    ConfigError
        If a folder has no patch files, or is given twice.
    """
    given = [folders] if isinstance(folders, Path) else folders
    prefixes = folder_names(given)
    files: list[Surveyed] = []
    problems: list[ContractError] = []
    paths = {prefix: named_paths(folder) for prefix, folder in prefixes.items()}
    for own in paths.values():
        problems += part_violations(own)
    every = [(prefix, path) for prefix, own in paths.items() for path in own]
    for prefix, path in progress(every, "patch files looked at", unit="file"):
        try:
            files.append(_looked_at(path, f"{prefix}{path.name}"))
        except UnfitPatchesError as error:
            problems += error.problems
        except ContractError as error:
            problems.append(error)
    problems += _other_specs(files, spec, whose)
    return Survey(tuple(files), tuple(problems))


def folder_names(folders: Sequence[Path]) -> dict[str, Path]:
    """Folders by what is put before the names of their files: nothing, where there is one.

    Otherwise as much of the end of each path as tells them all apart.

    Raises
    ------
    ConfigError
        If one is given twice.
    """
    whole = [folder.resolve() for folder in folders]
    for folder, number in Counter(whole).items():
        if number > 1:
            raise ConfigError(
                f"{folder}: expected every folder of patches once, found it {number} times. "
                "Patches that should count more are weighted with `balance`"
            )
    if len(folders) == 1:
        return {"": folders[0]}
    parts = 1
    while len(names := {"/".join(folder.parts[-parts:]) + "/" for folder in whole}) < len(whole):
        parts += 1
    assert len(names) == len(whole)
    return {
        "/".join(path.parts[-parts:]) + "/": folder
        for path, folder in zip(whole, folders, strict=True)
    }


def _looked_at(path: Path, name: str) -> Surveyed:
    """What is known of a patch file; raises every reason it cannot be used."""
    with closing(PatchFile(path)) as file:
        if problems := list(_violations(file)):
            raise UnfitPatchesError(problems)
        return Surveyed(path, source_of(file, name), file.header.spec)


def source_of(file: PatchFile, name: str = "") -> Source:
    """What splitting needs to know of a patch file; called `name`, or as its file is."""
    header = file.header
    normal, tumor, unknown = (
        int((file.labels == label).sum()) for label in (schema.NORMAL, schema.TUMOR, schema.UNKNOWN)
    )
    return Source(
        file=name or file.path.name,
        slide_id=header.slide_id,
        patient=header.patient,
        centre=header.centre,
        given=header.split,
        fingerprint=header.slide_fingerprint,
        normal=normal,
        tumor=tumor,
        unknown=unknown,
        sampling=str(header.sampling.get("method", "")),
        config_sha256=header.config_sha256,
        content_sha256=content_sha256(file),
    )


def _violations(file: PatchFile) -> Iterator[ContractError]:
    """What makes training on the file impossible or wrong, as far as it shows without all pixels.

    Whether it keeps every word of its specification is what ``layer1-extract check`` asks.
    """
    path, rows = file.path, len(file.labels)
    assert file.header
    if not np.isin(file.labels, list(schema.LABEL_NAMES)).all():
        found = str(np.unique(file.labels).tolist())
        yield ContractError(path, f"/{schema.LABELS}", "-1, 0 or 1", found, ANEW)
    if (kept := file.counts.get("kept")) != rows:
        yield ContractError(path, f"/{schema.LABELS}", f"{kept} rows by `counts`", f"{rows}", ANEW)
    if (places := len(file.coords)) != rows:
        yield ContractError(path, f"/{schema.COORDS}", f"{rows} rows", f"{places}", ANEW)
    if file.codec == "none":
        advice = "Extract without --no-pixels"
        yield ContractError(path, f"/{schema.PATCHES}", "pixels", "locations only", advice)
        return
    yield from (unwritten := list(unwritten_violations(file)))
    if not unwritten:
        yield from _sample_violations(file)


def _sample_violations(file: PatchFile) -> Iterator[ContractError]:
    """Patches spread through the file that do not decode, or an end that was never copied."""
    rows = sample_rows(len(file))
    with guarded(file.path, "pixels"):
        patches = file.read(rows)
    if len(rows) > 1 and patches[0].any() and not patches[-1].any():
        last = file.read([len(file) - 2])
        if not last.any():
            item, expected = f"/{schema.PATCHES}[{len(file) - 1}]", "pixels"
            found = "zeros alone, and in the patch before it, as a copy that was cut off leaves"
            yield ContractError(file.path, item, expected, found, "Copy the file anew")


def _other_specs(
    files: Sequence[Surveyed], spec: PatchSpec | None, whose: str
) -> Iterator[ContractError]:
    """Files whose patches have another size or scale than asked for, or than most have."""
    if spec is None and files:
        first = {one.spec: one for one in reversed(files)}
        common = Counter(one.spec for one in files)
        alike = {one: sum(n for o, n in common.items() if one.agrees(o)) for one in common}
        spec = max(alike, key=lambda one: alike[one])
        others = [o for o, n in alike.items() if n == alike[spec] and not o.agrees(spec)]
        if others:
            yield _no_majority([first[spec], *(first[other] for other in others)])
            return
        whose = f"as in {first[spec].source.file}"
    for one in files:
        if spec is not None and not spec.agrees(one.spec):
            yield ContractError(
                one.path,
                "patch_size, patch_mpp",
                f"{_said(spec)} {whose}".rstrip(),
                _said(one.spec),
                "Extract all with one configuration",
            )


def _no_majority(examples: Sequence[Surveyed]) -> ContractError:
    """Of as many files of one scale as of another nobody knows which are the wrong ones."""
    return ContractError(
        examples[0].path.parent,
        "patch_size, patch_mpp",
        "one size and scale",
        " and ".join(f"{_said(one.spec)} in {one.source.file}" for one in examples),
        "Extract all with one configuration",
    )


def _said(spec: PatchSpec) -> str:
    return f"{spec.size} px at {spec.mpp:g} um/px"
