"""What a training would read: the patch files of each split, before any pixel is looked at."""

from __future__ import annotations

import csv
import io
import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from common.errors import ConfigError
from layer2_train import splits
from layer2_train.duplicates import duplicates, said, with_twins
from layer2_train.refusal import UnfitPatchesError
from layer2_train.splits import SPLITS, Source
from layer2_train.survey import survey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from common.patch_file.reader import PatchFile
    from layer2_train.config import SplitByPatient, SplitGiven

SPLIT_TABLE: Final = "splits.csv"
"""Name of the file in a run directory that holds `Plan.csv`."""

log = logging.getLogger(__name__)
_COUNTED: Final = ("normal", "tumor", "unknown")
_IDENTITY: Final = ("fingerprint", "config_sha256", "content_sha256")


@dataclass(frozen=True)
class Plan:
    """Patch files, and the split of each.

    Attributes
    ----------
    files : tuple of PatchFile
    sources : tuple of Source
        What is known of each file, in the same order.
    places : dict of split to tuple of int
        Which of them are in ``train``, ``valid`` and ``test``.
    """

    files: tuple[PatchFile, ...]
    sources: tuple[Source, ...]
    places: dict[str, tuple[int, ...]]

    def files_of(self, split: str) -> list[PatchFile]:
        """The patch files of one split."""
        return [self.files[place] for place in self.places[split]]

    def sources_of(self, split: str) -> list[Source]:
        """What is known of the files of one split."""
        return [self.sources[place] for place in self.places[split]]

    def counts(self) -> dict[str, dict[str, int]]:
        """Files, slides, known patients and patches by label, of each split."""
        return {split: _counts(self.sources_of(split)) for split in SPLITS}

    def text(self) -> str:
        """The counts as a table, a line for each split; then files that hold the same patches."""
        counts = self.counts()
        names = list(counts[splits.TRAIN])
        lines = [["split", *names]]
        lines += [[split, *(str(own[name]) for name in names)] for split, own in counts.items()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = [
            "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
            for line in lines
        ]
        return "\n".join([*table, *(said(same) for same in self.duplicates())])

    def duplicates(self) -> tuple[tuple[Source, ...], ...]:
        """Files that hold the same patches, a tuple for each set."""
        return duplicates(self.sources)

    def csv(self) -> str:
        """One line per patch file: whose it is, its split, its patches by label, what is in it."""
        split_of = {place: split for split, own in self.places.items() for place in own}
        text = io.StringIO()
        columns = ["file", "slide_id", "patient", "centre", "split", *_COUNTED, *_IDENTITY]
        writer = csv.DictWriter(text, columns, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        for place, source in enumerate(self.sources):
            writer.writerow({**asdict(source), "split": split_of[place]})
        return text.getvalue()

    def refuse_other(self, table: Path) -> None:
        """Refuse other patch files than those a run began with; writes nothing.

        Parameters
        ----------
        table : Path
            Its `csv`; may be absent.

        Raises
        ------
        ConfigError
            Naming the first files that differ, and in what.
        """
        before = table.read_text(encoding="utf-8") if table.exists() else self.csv()
        if before == self.csv():
            return
        others = differing(before, self.csv())
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise ConfigError(
            f"{table}: expected the patch files this run began with, found others: "
            f"{', '.join(others[:3])}{more}. "
            "Give those, another --out, or --overwrite to begin anew"
        )

    def data(self) -> dict[str, Any]:
        """The counts, and the slides of each split, for a script."""
        return {
            split: {**own, "slide_ids": sorted({s.slide_id for s in self.sources_of(split)})}
            for split, own in self.counts().items()
        }


def make_plan(folders: Path | Sequence[Path], settings: SplitByPatient | SplitGiven) -> Plan:
    """Look into every patch file of some folders, and split them.

    Raises
    ------
    ConfigError
        If a folder has none, or they cannot be split so.
    UnfitPatchesError
        Listing every file that is damaged, holds no pixels, or does not go with the others, every
        missing part, and every patient, slide or set of equal patches on two sides.
    """
    found = survey(folders)
    sources = with_twins(found.sources, [one.path for one in found.files])
    places: dict[str, tuple[int, ...]] = {}
    problems = list(found.problems)
    try:
        places = splits.assign(sources, settings)
        problems += splits.leaks(sources, places)
    except ConfigError:
        if not problems:  # a split of what is left would say little
            raise
    if problems:
        raise UnfitPatchesError(problems)
    plan = Plan(found.opened(), sources, places)
    _warn(plan)
    return plan


def _warn(plan: Plan) -> None:
    """Say what may be meant, and may be a mistake."""
    for same in plan.duplicates():
        log.warning("%s; leave all but one out, or they count twice", said(same))
    unnamed = splits.without_patient(plan.sources)
    if unnamed:
        log.warning(
            "the patient of %d of %d slides is not known (%s%s); nothing keeps two slides of one "
            "such patient on the same side. The cohort CSV of layer 1 has a column for patients",
            len(unnamed),
            len({source.slide_id for source in plan.sources}),
            ", ".join(unnamed[:3]),
            ", ..." if len(unnamed) > 3 else "",
        )


def differing(before: str, after: str) -> list[str]:
    """What two tables of `Plan.csv` disagree on, by file: ``a.h5 (tumor, content_sha256)``."""
    old, new = _lines(before), _lines(after)
    said = []
    for name in sorted(old.keys() | new.keys()):
        one, other = old.get(name), new.get(name)
        if one is None or other is None:
            said.append(f"{name} ({'is new' if one is None else 'is gone'})")
        elif one != other:
            columns = [key for key in other if one.get(key) != other[key]]
            said.append(f"{name} ({', '.join(columns) or 'columns'})")
    return said


def _lines(text: str) -> dict[str, dict[str, str]]:
    return {line.get("file", ""): line for line in csv.DictReader(text.splitlines())}


def _counts(sources: list[Source]) -> dict[str, int]:
    return {
        "files": len(sources),
        "slides": len({source.slide_id for source in sources}),
        "patients": len({source.patient for source in sources if source.patient}),
        "centres": len({source.centre for source in sources if source.centre}),
        **{name: sum(getattr(source, name) for source in sources) for name in _COUNTED},
    }
