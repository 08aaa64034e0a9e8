"""One slide, or one part of it, to one patch file."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from common.errors import SlideError
from common.files import remove_stale_partials, writable
from common.outcomes import Outcome
from common.parts import part_name
from common.patch_file import schema
from common.patch_file.reader import FOLDER as PATCH_FOLDER
from common.patch_file.writer import PatchWriter, open_writer
from common.slide_reader import slide_of
from common.staging import brought
from common.tissue import MASK_FOLDER
from layer1_extract.candidates import screening
from layer1_extract.inputs import KEPT_MASK, inputs_of
from layer1_extract.looking import looking
from layer1_extract.mask_record import keep_mask
from layer1_extract.patch_header import header_of
from layer1_extract.preview import write_preview
from layer1_extract.proposals import proposals
from layer1_extract.sampling.strata import shortfall
from layer1_extract.selection import Selector
from layer1_extract.spool import Spool
from layer1_extract.survey import Survey, survey
from layer1_extract.verdict import refuse_undecoded, unreadable_note, why_empty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from common.cohort import SlideEntry
    from common.patch_file.codec import Stored
    from common.staging import Desk
    from layer1_extract.candidates import Candidates
    from layer1_extract.config import ExtractSettings
    from layer1_extract.looking import Looked
    from layer1_extract.proposals import Proposals
    from layer1_extract.selection import Selected

    Report = Callable[[int, float], None]
    Look = Callable[[npt.NDArray[np.int64]], Iterator[Looked]]

PREVIEW_FOLDER = "previews"


def patch_path(out: Path, name: str) -> Path:
    """Where the patch file of a slide or part lies in a folder of results."""
    return out / PATCH_FOLDER / f"{name}{schema.SUFFIX}"


def preview_path(out: Path, name: str) -> Path:
    """Where the preview of a slide or part lies in a folder of results."""
    return out / PREVIEW_FOLDER / f"{name}.png"


def extract_slide(
    entry: SlideEntry,
    out: Path,
    settings: ExtractSettings,
    *,
    cut: tuple[int, int] = (0, 1),
    threads: int = 1,
    masks: Path | None = None,
    report: Report | None = None,
    desk: Desk | None = None,
) -> Outcome:
    """Write the patch file, the preview and the tissue mask of one slide or one of its parts.

    A slide that gives no patch has a patch file too: it accounts for every candidate.

    Parameters
    ----------
    entry : SlideEntry
    out : Path
        Folder of the results.
    settings : ExtractSettings
    cut : tuple of int
        Which part, counted from 0, and of how many.
    threads : int
        That read, judge and encode. The patches do not depend on it.
    masks : Path or None
        Folder of tissue masks to take instead of finding the tissue, where it has the slide's.
    report : callable or None
        Told how many patches are kept so far, and what share of the work is done, 0 to 1.
    desk : Desk or None
        Where the patch file is written before it is brought to its place.

    Raises
    ------
    SlideError
        If the slide or its annotation cannot be read, too much of it does not decode, or it was
        replaced meanwhile.
    """
    part, parts = cut
    before = slide_of(entry, settings.slide.reader).fingerprint
    known = survey(entry, settings, masks)
    inputs = inputs_of(entry, known.slide, known.given_sha256)
    name = part_name(entry.slide_id, part, parts)
    path = patch_path(out, name)
    with writable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    remove_stale_partials(path)
    storage, header = settings.storage, header_of(entry, known, settings, part, parts)
    look = looking(known.slide, known.spec, settings, threads)
    with (
        brought(path, desk) as local,
        open_writer(local, header, storage.codec, storage.quality) as writer,
    ):
        kept, wanted = _write(writer, known, settings, local.parent, look, report)
        counts = writer.finish()
        if parts == 1:  # of a slide that is cut, only all parts together can tell
            refuse_undecoded(entry, settings, counts)
        _refuse_changed(entry, settings, before)
    inputs[KEPT_MASK] = keep_mask(out / MASK_FOLDER, known, masks)
    write_preview(preview_path(out, name), known, path)
    return Outcome(
        entry.slide_id,
        "done" if counts["kept"] else "empty",
        shortfall(wanted, kept) if counts["kept"] else why_empty(known, counts),
        counts,
        inputs=inputs,
        suspect=known.suspect,
        notes=[*known.notes, *unreadable_note(counts)],
        part=part,
        parts=parts,
        quotas={str(stratum): [kept[stratum], wanted[stratum]] for stratum in sorted(wanted)},
    )


def _refuse_changed(entry: SlideEntry, settings: ExtractSettings, before: str) -> None:
    """Refuse patches of which some may be of one slide and some of another.

    Raises
    ------
    SlideError
        If the file no longer holds what it did, by its fingerprint, before anything was read.
    """
    if slide_of(entry, settings.slide.reader).fingerprint != before:
        raise SlideError(
            f"{entry.path}: slide: expected one that stays as it is, found that it changed while "
            "it was read. Run again when it is no longer written to"
        )


def _write(
    writer: PatchWriter,
    known: Survey,
    settings: ExtractSettings,
    folder: Path,
    look: Look,
    report: Report | None,
) -> tuple[Counter[int], Counter[int]]:
    """Go through the selection; what is kept reaches the file by row, then by column.

    Returns
    -------
    kept, wanted : Counter
        Patches of each stratum; nothing is wanted with dense sampling, which has no quota.
    """
    kept: Counter[int] = Counter()
    wanted: Counter[int] = Counter()
    screen = screening(known.mask, known.truth, known.edge, settings, mpp=known.slide.pyramid.mpp)
    with Spool(folder, known.spec.size) as spool:
        for some in proposals(known, settings, writer.header.part, writer.header.parts):
            wanted.update(some.quota or {})
            before = kept.total()
            add = partial(_append, writer) if some.quota is None else spool.add
            for step in Selector(screen, look, some.quota).steps(some.xy):
                kept.update(step.kept.strata.tolist())
                _reject(writer, step.rejected)
                if len(step.kept):
                    add(step.kept, step.stored)
                if report is not None:
                    report(kept.total(), _share(some, step, kept.total() - before))
            if some.quota is None:
                writer.settle()
        for some_kept, stored in spool.ordered():
            _append(writer, some_kept, stored)
    return kept, wanted


def _reject(writer: PatchWriter, rejected: Candidates) -> None:
    for name, code in schema.REASONS.items():
        xy = rejected.xy[rejected.reasons == code]
        if len(xy):
            writer.reject(xy, name)


def _append(writer: PatchWriter, kept: Candidates, stored: Stored) -> None:
    writer.append(kept.xy, kept.labels, kept.tumor_fraction, kept.tissue_fraction, stored)


def _share(some: Proposals, step: Selected, kept: int) -> float:
    """How much of the work is done, 0 to 1; `kept` patches are of these proposals."""
    if some.quota is not None:
        through = min(1.0, kept / max(1, sum(some.quota.values())))
    else:
        first, last = some.xy[0, 1], some.xy[-1, 1]
        reached = max(xy[:, 1].max(initial=first) for xy in (step.kept.xy, step.rejected.xy))
        through = float((reached - first) / (last - first + 1))
    return some.begin + (some.end - some.begin) * through
