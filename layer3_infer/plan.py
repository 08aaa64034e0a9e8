"""How to cut the heatmaps of a cohort into tasks; no network is loaded.

No slide is opened but where its file is not what it was.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from common.array_job import ArrayJob
from common.cli import Result
from common.cohort_job import CohortJob
from common.errors import ContractError
from common.model_bundle import read_bundle
from common.outcomes import FOLDER as OUTCOMES
from common.run_folder import refuse_other
from common.units import units_of
from layer3_infer.heatmap_file import SUFFIX
from layer3_infer.result_changes import result_changes
from layer3_infer.run_claim import read_run, refuse_others
from layer3_infer.slide_result import read_result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from common.cohort import SlideEntry
    from layer3_infer.config import HeatmapSettings
    from layer3_infer.slide_result import SlideResult

SCRIPT: Final = "slurm/layer3_infer.sbatch"


@dataclass(frozen=True)
class Cut:
    """How the work may be cut up.

    Attributes
    ----------
    blocks : int
        Parts of each slide.
    units_per_task : int
        Slides or parts a task does.
    most_tasks : int
        What the cluster takes.
    """

    blocks: int = 1
    units_per_task: int = 1
    most_tasks: int = 1001


@dataclass(frozen=True)
class Left:
    """What is to be done, and what is known of the slides, by their ids.

    Attributes
    ----------
    slides : frozenset of str
        To be done.
    failed : frozenset of str
        Failed before, and not because they were out of reach.
    changed : frozenset of str
        Of which the cohort says something else by now, or the file of which is another.
    strangers : frozenset of str
        Have a result and are not in the cohort.
    """

    slides: frozenset[str]
    failed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    strangers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Folder:
    """Results of earlier runs, and what they must be of to count.

    Attributes
    ----------
    path : Path
        May be absent.
    settings : HeatmapSettings
    model : Path or None
        Bundle; None takes the results for whichever model they are of.
    retry_failed : bool
        Whether slides that failed are to be done again.
    """

    path: Path
    settings: HeatmapSettings
    model: Path | None = None
    retry_failed: bool = False

    def left_of(self, entries: Sequence[SlideEntry]) -> Left:
        """The slides that have no result, and what else is there.

        Told from outcomes and the names of files; `heatmap` and `merge` read the files. A result of
        which the cohort says something else by now is none, nor is one of another slide file or
        annotation. A slide that was out of reach, or failed and is another by now, is to be done.

        Raises
        ------
        ConfigError
            If the results are of another model or configuration.
        """
        self._refuse()
        files = {path.name.removesuffix(SUFFIX) for path in self.path.glob(f"[!.]*{SUFFIX}")}
        told = {path.stem for path in (self.path / OUTCOMES).glob("[!.]*.json")}
        known = {entry.slide_id: entry for entry in entries}
        results = {name: self._result(name) for name in known.keys() & told}
        lost = {name for name, one in results.items() if one and one.status == "failed"}
        away = {name for name, one in results.items() if one and one.out_of_reach}
        changed = {
            name
            for name, one in results.items()
            if one and name not in away and result_changes(known[name], one, self.path)
        }
        failed = lost - away - changed
        whole = {name for name, one in results.items() if one} & files
        done = whole - lost - changed | (set() if self.retry_failed else failed)
        return Left(
            frozenset(known.keys() - done),
            failed=frozenset(failed),
            changed=frozenset(changed),
            strangers=frozenset((told & files) - known.keys()),
        )

    def _result(self, slide_id: str) -> SlideResult | None:
        """The one that is recorded; None where it cannot be read, and is made anew."""
        try:
            return read_result(self.path, slide_id)
        except ContractError:
            return None

    def _refuse(self) -> None:
        if read_run(self.path):
            refuse_other(self.path, self.settings)
            if self.model is not None:
                model_sha256 = read_bundle(self.model).model_sha256
                refuse_others(self.path, {"command": "heatmap", "model_sha256": model_sha256})


def plan(
    entries: Sequence[SlideEntry],
    cut: Cut,
    words: Sequence[str],
    folder: Folder | None = None,
    *,
    values: bool = False,
    freeze: Path | None = None,
) -> Result:
    """Say how to cut up what is left of a cohort, by the number of slides alone.

    Parameters
    ----------
    entries : sequence of SlideEntry
        All slides of the cohort.
    cut : Cut
    words : sequence of str
        Of the command that makes the heatmaps, behind its verb and without how it is cut up.
    folder : Folder or None
        Of which what is finished is not done again.
    values : bool
        Say only what a shell needs, as `CohortJob.values` has it.
    freeze : Path or None
        Folder to write the cohort into, as `CohortJob.freeze` does.
    """
    units = units_of(entries, cut.blocks)
    left = Left(frozenset(entry.slide_id for entry in entries))
    if folder is not None:
        left = folder.left_of(entries)
    places = (place for place, unit in enumerate(units) if unit.entry.slide_id in left.slides)
    job = ArrayJob.of(len(units), cut.units_per_task, cut.most_tasks, places)
    new = left.slides - left.changed - left.failed
    made = CohortJob(entries, cut.blocks, job, left.failed, left.changed, new, left.strangers)
    if freeze is not None:
        made.freeze(freeze)
    submit = _submission(made, words, folder)
    text = made.values() if values else "\n".join([*made.lines(), submit])
    return Result(text, {"job": made.data(), "command": submit})


def words_of(
    slides: Path, model: Path | None, out: Path | None, given: Mapping[str, Any]
) -> list[str]:
    """The words of the command that makes what is planned, behind its verb.

    Parameters
    ----------
    slides, model, out : Path or None
    given : mapping
        The other options of the plan, of which those that decide the results are taken over.
    """
    words = [str(slides), "--model", str(model or "BUNDLE"), "--out", str(out or "OUT")]
    for name in ("config", "mpp"):
        words += [f"--{name}", str(given[name])] if given.get(name) is not None else []
    return words + [word for one in given.get("overrides", ()) for word in ("--set", one)]


def _submission(made: CohortJob, words: Sequence[str], folder: Folder | None) -> str:
    """The line that does it: an array job, or one command where there is one task only."""
    if folder is not None and not made.job.left:
        return f"nothing is left; next: layer3-infer merge {shlex.quote(str(folder.path))}"
    words = [*words, *(["--blocks", str(made.blocks)] if made.blocks > 1 else [])]
    if made.job.tasks == 1:
        return shlex.join(["layer3-infer", "heatmap", *words])
    return made.job.sbatch(SCRIPT, words)
