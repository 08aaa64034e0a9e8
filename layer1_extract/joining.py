"""The parts of a slide, joined into the file that the slide gives when it is not cut."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from common.errors import ContractError
from common.outcomes import FOLDER as OUTCOMES
from common.outcomes import Outcome, Status, forget, read_outcome, write_outcome
from common.parts import part_name
from common.patch_file import schema
from common.patch_file.copying import quality_of, stored_reader
from common.patch_file.reader import PatchFile
from common.patch_file.writer import open_writer
from layer1_extract.extraction import patch_path, preview_path
from layer1_extract.inputs import differing
from layer1_extract.joined_preview import join_previews
from layer1_extract.sampling.strata import shortfall
from layer1_extract.verdict import all_rejected, unreadable_note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.patch_file.codec import Stored
    from common.patch_file.writer import PatchWriter

_BATCH_BYTES: Final = 32 << 20
_WHO: Final = ("reader", "software")
_COLUMNS: Final = (schema.COORDS, schema.LABELS, schema.TUMOR_FRACTION, schema.TISSUE_FRACTION)


def join_slide(out: Path, slide_id: str, parts: int) -> Outcome:
    """Write ``<slide_id>.h5``, its preview and its outcome, and then remove the parts'.

    What is written is what the slide gives when it is not cut, bit for bit. Killed at any moment,
    the same call completes: a part is removed only when all that stands for it is on the disk.

    Parameters
    ----------
    out : Path
        Folder of the results.
    slide_id : str
    parts : int
        Of which all must be there, or else the whole they were joined into.

    Raises
    ------
    ContractError
        If parts are missing, damaged, or of different slides or configurations.
    """
    names = [part_name(slide_id, part, parts) for part in range(parts)]
    there = [patch_path(out, name).exists() for name in names]
    whole = read_outcome(out, slide_id)
    if whole is None or all(there):
        whole = _written(out, slide_id, names)
    for name in names:
        patch_path(out, name).unlink(missing_ok=True)
        preview_path(out, name).unlink(missing_ok=True)
        forget(out, name)
    return whole


def _written(out: Path, slide_id: str, names: Sequence[str]) -> Outcome:
    outcomes = [_outcome(out, name) for name in names]
    path = patch_path(out, slide_id)
    with ExitStack() as opened:
        files = [opened.enter_context(closing(PatchFile(patch_path(out, n)))) for n in names]
        counts = join_files(path, files)
        file = opened.enter_context(closing(PatchFile(path)))
        previews = [preview_path(out, name) for name in names]
        join_previews(preview_path(out, slide_id), previews, files, file)
    outcome = _joined(outcomes, counts)
    write_outcome(out, outcome)
    return outcome


def join_files(path: Path, files: Sequence[PatchFile]) -> dict[str, int]:
    """Write the patch file `path` from those of every part, a bounded number of patches at a time.

    Returns
    -------
    dict
        The counts of the whole.

    Raises
    ------
    ContractError
        If the files are not the parts of one slide, made with one configuration.
    """
    header, quality = _common_header(files), quality_of(files[0])
    columns = {name: np.concatenate([f.column(name) for f in files]) for name in _COLUMNS}
    owner = np.repeat(np.arange(len(files)), [len(file) for file in files])
    row = np.concatenate([np.arange(len(file)) for file in files])
    order = np.lexsort((columns[schema.COORDS][:, 0], columns[schema.COORDS][:, 1]))
    readers = [stored_reader(file) for file in files]
    step = max(1, _BATCH_BYTES // (3 * header.patch_size**2))
    with open_writer(path, header, files[0].codec, quality or 95) as writer:
        for start in range(0, len(order), step):
            rows = order[start : start + step]
            stored = _gathered(readers, owner[rows], row[rows])
            coords, labels, tumor, tissue = (columns[name][rows] for name in _COLUMNS)
            writer.append(coords, labels, tumor, tissue, stored)
        for file in files:
            _copy_rejections(file, writer)
        return writer.finish()


def _common_header(files: Sequence[PatchFile]) -> schema.Header:
    """The header of the whole; the parts agree in all but their number, and who read them."""
    first = files[0]
    who = {name: "; ".join(dict.fromkeys(getattr(f.header, name) for f in files)) for name in _WHO}
    whole = replace(first.header, part=0, parts=1, **who)
    for part, file in enumerate(files):
        own = {name: getattr(file.header, name) for name in _WHO}
        expected = replace(whole, part=part, parts=len(files), **own)
        for name, said in expected.attributes().items():
            if (found := file.header.attributes()[name]) != said:
                raise ContractError(file.path, name, repr(said), repr(found), "Extract it anew")
        if (file.codec, quality_of(file)) != (first.codec, quality_of(first)):
            raise ContractError(file.path, "codec", f"that of {first.path.name}", "another")
    return whole


def _gathered(
    readers: Sequence[Callable[[int, int], Stored]],
    owner: npt.NDArray[np.intp],
    row: npt.NDArray[np.intp],
) -> Stored:
    """Patches in the order given; those of one part follow one another in its file."""
    places = [np.flatnonzero(owner == part) for part in range(len(readers))]
    read = {
        part: readers[part](int(row[at[0]]), int(row[at[-1]]) + 1)
        for part, at in enumerate(places)
        if len(at)
    }
    if any(some is None for some in read.values()):
        return None
    in_order = np.argsort(np.concatenate(places), kind="stable")
    every = [patch for some in read.values() if some is not None for patch in some]
    ordered = [every[place] for place in in_order.tolist()]
    return ordered if every[0].ndim == 1 else np.stack(ordered)


def _copy_rejections(file: PatchFile, writer: PatchWriter) -> None:
    coords = file.column(schema.REJECTED_COORDS)
    codes = file.column(schema.REJECTED_REASON)
    for name, code in schema.REASONS.items():
        if (codes == code).any():
            writer.reject(coords[codes == code], name)


def _outcome(out: Path, name: str) -> Outcome:
    outcome = read_outcome(out, name)
    if outcome is None or outcome.status == "failed":
        found = "none" if outcome is None else f"failed: {outcome.reason}"
        path = out / OUTCOMES / f"{name}.json"
        raise ContractError(path, "outcome", "a part that is done", found, "Extract it anew")
    return outcome


def _joined(outcomes: Sequence[Outcome], counts: dict[str, int]) -> Outcome:
    """One outcome for the slide: what is said of it when it is not cut."""
    first = outcomes[0]
    for outcome in outcomes[1:]:
        if differ := differing(first.inputs, outcome.inputs):
            raise ContractError(
                outcome.name, ", ".join(differ), f"that of {first.name}", "another", "Run extract"
            )
    status: Status = "done" if counts["kept"] else "empty"
    quotas = _quotas(outcomes)
    return replace(
        first,
        status=status,
        reason=_why_short(outcomes, quotas) if counts["kept"] else _why_empty(first, counts),
        counts=counts,
        seconds=round(sum(outcome.seconds for outcome in outcomes), 3),
        suspect=_once(outcome.suspect for outcome in outcomes),
        notes=_notes(outcomes, counts),
        part=0,
        parts=1,
        quotas=quotas,
    )


def _quotas(outcomes: Sequence[Outcome]) -> dict[str, list[int]]:
    """Of each stratum the patches there are and those wanted, over all parts."""
    strata = sorted({stratum for outcome in outcomes for stratum in outcome.quotas}, key=int)
    every = {name: [o.quotas[name] for o in outcomes if name in o.quotas] for name in strata}
    return {
        name: [sum(numbers) for numbers in zip(*each, strict=True)] for name, each in every.items()
    }


def _why_short(outcomes: Sequence[Outcome], quotas: dict[str, list[int]]) -> str:
    if not quotas:  # dense sampling, or parts of a version that did not note them
        return _once(outcome.reason for outcome in outcomes if outcome.status == "done")
    kept, wanted = ({int(name): pair[which] for name, pair in quotas.items()} for which in (0, 1))
    return shortfall(wanted, kept)


def _why_empty(part: Outcome, counts: dict[str, int]) -> str:
    """What a part says of the slide; where it speaks of its own candidates, those of all."""
    return all_rejected(counts) if part.reason == all_rejected(part.counts) else part.reason


def _notes(outcomes: Sequence[Outcome], counts: dict[str, int]) -> list[str]:
    """Each once; patches that do not decode are counted over all parts."""
    own = [note for o in outcomes for note in o.notes if note not in unreadable_note(o.counts)]
    return list(dict.fromkeys([*own, *unreadable_note(counts)]))


def _once(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(filter(None, texts)))
