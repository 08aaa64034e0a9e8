"""One slide: from its file to every result about it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Final

import numpy as np

from common.config import digest
from common.errors import ContractError, SlideError
from common.files import sha256
from common.model_bundle import read_bundle
from common.outcomes import Outcome, forget
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from common.provenance import software
from common.slide_reader import slide_of
from common.slides import reader_of
from common.staging import brought
from common.truth import annotation_hash
from layer3_infer import heatmap_file
from layer3_infer.answer_store import AnswerStore
from layer3_infer.heatmap import Heatmap
from layer3_infer.heatmap_file import Header, HeatmapFile, read_heatmap, write_heatmap
from layer3_infer.locations import in_patch_files, on_tissue
from layer3_infer.predict import SlidePatches, stain_of
from layer3_infer.slide_outputs import write_outputs
from layer3_infer.slide_result import SlideResult, read_result
from layer3_infer.slide_score import slide_scores
from layer3_infer.slide_work import SAVE_S, Prepared, SlideWork

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.cohort import SlideEntry
    from common.model_bundle import Bundle
    from common.patch_file.reader import PatchFile
    from common.slides import Slide
    from common.staging import Desk, Scratch
    from common.stain import Stain
    from common.units import Unit
    from layer3_infer.config import HeatmapSettings
    from layer3_infer.locations import DenseLocations
    from layer3_infer.results_folder import ResultsFolder

CALLS: Final = 4
"""Batches that a network answers at a time, at most: each needs memory of its own."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Analysis:
    """How the slides of one run are analysed.

    Attributes
    ----------
    bundle : Bundle
    settings : HeatmapSettings
    folder : ResultsFolder
    patch_files : mapping of slide_id to list of PatchFile, or None
        Layer 1's locations; None finds tissue.
    workers : int
        Threads; each reads patches and has them answered.
    save_s : float, s
        Work that a killed process may lose.
    scratch : Scratch or None
        Where slides are copied to before they are read; nothing depends on it.
    """

    bundle: Bundle
    settings: HeatmapSettings
    folder: ResultsFolder
    patch_files: Mapping[str, Sequence[PatchFile]] | None = None
    workers: int = 1
    save_s: float = SAVE_S
    scratch: Scratch | None = None

    @property
    def locations_source(self) -> str:
        """Who says which patches are analysed, as the heatmap file spells it."""
        return heatmap_file.TISSUE if self.patch_files is None else heatmap_file.PATCH_FILES

    @property
    def threshold(self) -> float:
        """Probability from which a patch belongs to a tumour region."""
        given = self.settings.threshold
        return self.bundle.manifest.threshold if given is None else given

    @property
    def preprocessing(self) -> Preprocessing:
        """The model's, in the orientations asked for."""
        known, asked = self.bundle.manifest.preprocessing, self.settings.orientations
        return known if asked is None else known.model_copy(update={"orientations": asked})

    @property
    def predictor(self) -> Predictor:
        """The network, loaded once per process."""
        bundle = self.bundle
        return _predictor(
            bundle.path,
            bundle.model_sha256,
            self.preprocessing.model_dump_json(),
            self.settings.batch_size,
        )

    def finished(self, entry: SlideEntry) -> SlideResult | None:
        """What an earlier run found, where all of its files are there and right; else None.

        That a file exists says nothing: the heatmap is checked, and must be what this run would
        make, and the outcome, written last, must be of this very heatmap.
        """
        try:
            result = read_result(self.folder.path, entry.slide_id)
            if result is None or result.status == "failed":
                return None
            kept = self._kept(entry, open_slide(entry))
        except (SlideError, ContractError) as error:
            log.warning("%s is done anew: %s", entry.slide_id, error)
            return None
        files = self.folder.of_slide(entry.slide_id)
        if kept is None or not all(file.exists() for file in files):
            return None
        same = result.inputs == self._inputs(entry, kept.header)
        return replace(result, seconds=0.0) if same else None

    def prepare(self, unit: Unit, *, overwrite: bool = False) -> Prepared:
        """Where to look on a slide, and which of these patches this unit is to ask about.

        Parameters
        ----------
        unit : Unit
            A slide; or a part of it: one of equal stretches of its locations.
        overwrite : bool
            Leave out what earlier runs found.

        Raises
        ------
        SlideError, ContractError
            If the slide, or layer 1's file of it, cannot be used.
        """
        slide = open_slide(unit.entry)
        spec = slide.spec_for(self.bundle.manifest.spec)
        locations = self.locations(slide)
        store = self._store(unit.entry, slide, locations)
        if overwrite:
            store.clear()
        kept = None if overwrite else self._kept(unit.entry, slide)
        rows = np.empty(0, dtype=np.int64) if kept else _left(unit, store, locations)
        stain = stain_of(slide, locations, spec, self.preprocessing)
        patches = SlidePatches.of(slide, locations.xy[rows], spec, stain)
        return Prepared(slide, locations, stain, store, rows, patches, kept)

    def left(self, unit: Unit) -> tuple[int, str]:
        """How many patches `prepare` would find to ask about, and why if there are none.

        Raises
        ------
        SlideError, ContractError
            If the slide, or layer 1's file of it, cannot be used.
        """
        slide = open_slide(unit.entry)
        slide.spec_for(self.bundle.manifest.spec)
        locations = self.locations(slide)
        rows = _left(unit, self._store(unit.entry, slide, locations), locations)
        return len(rows), locations.reason

    def finish(self, work: SlideWork) -> Outcome:
        """Write every result about a slide; the heatmap first, the rest from it.

        The outcome of an earlier run goes before anything it speaks of is replaced, so that a run
        stopped half-way leaves no files of two models that pass for one result.

        Returns
        -------
        Outcome
            A `SlideResult`; that of a part, where other parts of the slide are not there yet.

        Raises
        ------
        SlideError, ContractError
            If the slide cannot be read.
        """
        prepared, unit = work.prepared(), work.unit
        slide, entry = prepared.slide, unit.entry
        made = prepared.kept or self._written(work)
        if made is None:
            counts, reason = {"answered": len(work.scores)}, "waits for its other parts"
            return Outcome(slide.slide_id, "done", reason, counts, part=unit.part, parts=unit.parts)
        forget(self.folder.path, slide.slide_id)
        problem = self._write_outputs(entry, slide, made, work.desk)
        said = (_pale(prepared.stain), problem)
        result = self._result(entry, made, prepared.locations, said)
        prepared.store.clear()
        return result

    def _written(self, work: SlideWork) -> HeatmapFile | None:
        """The heatmap of all answers, on disk; None where some are not there yet."""
        prepared, entry = work.prepared(), work.unit.entry
        slide, locations = prepared.slide, prepared.locations
        if work.unit.parts > 1:
            work.save()  # before looking, so that the last of several tasks sees all
        scores = prepared.store.known(len(locations.xy))
        scores[prepared.rows] = work.scores
        if np.isnan(scores).any():
            return self._kept(entry, slide)  # another task may have finished it meanwhile
        heatmap = Heatmap.of(locations.grid, locations.xy, scores)
        made = HeatmapFile(self._header(entry, slide), heatmap)
        forget(self.folder.path, slide.slide_id)
        with brought(self.folder.heatmap(slide.slide_id), work.desk) as local:
            write_heatmap(local, made.header, heatmap)
        return made

    def _store(self, entry: SlideEntry, slide: Slide, locations: DenseLocations) -> AnswerStore:
        return AnswerStore.of(self.folder.unfinished, self._header(entry, slide), locations.xy)

    def _write_outputs(
        self, entry: SlideEntry, slide: Slide, made: HeatmapFile, desk: Desk | None
    ) -> str:
        settings = self.settings.model_copy(update={"threshold": self.threshold})
        classes = self.bundle.manifest.classes
        return write_outputs(self.folder, slide, made, settings, classes, entry.annotation, desk)

    def locations(self, slide: Slide) -> DenseLocations:
        """The patches to analyse on a slide."""
        spec = self.bundle.manifest.spec
        if self.patch_files is None:
            return on_tissue(slide, spec, self.settings)
        files = self.patch_files.get(slide.slide_id)
        if files is None:
            advice = "Extract this slide too, or leave out --patches"
            raise ContractError(slide.slide_id, "patch file", "one in --patches", "none", advice)
        return in_patch_files(files, slide, spec)

    def _kept(self, entry: SlideEntry, slide: Slide) -> HeatmapFile | None:
        """The heatmap of an earlier run, if this run would make the same."""
        path = self.folder.heatmap(slide.slide_id)
        if not path.exists():
            return None
        try:
            kept = read_heatmap(path)
        except ContractError as error:
            log.warning("%s is predicted anew: %s", slide.slide_id, error)
            return None
        wanted = replace(self._header(entry, slide), software=kept.header.software)
        if kept.header != wanted or not self._same_locations(slide, kept):
            log.warning("%s is predicted anew: slide, model or settings changed", slide.slide_id)
            return None
        return kept

    def _same_locations(self, slide: Slide, kept: HeatmapFile) -> bool:
        """Whether layer 1 gives the same patches still; those on tissue follow from settings."""
        if self.patch_files is None:
            return True
        wanted = self.locations(slide)
        return kept.heatmap.grid == wanted.grid and np.array_equal(kept.heatmap.xy, wanted.xy)

    def _header(self, entry: SlideEntry, slide: Slide) -> Header:
        spec = slide.spec_for(self.bundle.manifest.spec)
        return Header(
            slide_id=slide.slide_id,
            slide_fingerprint=slide.fingerprint,
            level0_width=slide.pyramid.width,
            level0_height=slide.pyramid.height,
            level0_mpp=slide.pyramid.mpp,
            mpp_source=slide.mpp_source,
            reader=reader_of(slide, spec),
            patch_size=spec.size,
            patch_mpp=spec.mpp,
            locations=self.locations_source,
            model_sha256=self.bundle.model_sha256,
            seen_in_split=self.bundle.manifest.split_of(slide.fingerprint, entry.patient),
            config_sha256=digest(self.settings),
            software=software(),
            preprocessing_sha256=digest(self.preprocessing),
        )

    def _inputs(self, entry: SlideEntry, header: Header) -> dict[str, str]:
        """What a result follows from; with the heatmap's hash, because pictures are of one file."""
        drawn = entry.annotation is not None and entry.annotation.is_file()
        return {
            "model_sha256": header.model_sha256,
            "config_sha256": header.config_sha256,
            "preprocessing_sha256": header.preprocessing_sha256,
            "threshold": str(self.threshold),
            "slide_fingerprint": header.slide_fingerprint,
            "heatmap_sha256": sha256(self.folder.heatmap(entry.slide_id)),
            "annotation_sha256": annotation_hash(entry) if drawn else "",
            **{name: getattr(entry, name) for name in ("patient", "node", "centre")},
        }

    def _result(
        self,
        entry: SlideEntry,
        made: HeatmapFile,
        locations: DenseLocations,
        problems: Sequence[str],
    ) -> SlideResult:
        header = made.header
        scores = slide_scores(made.heatmap, header.level0_mpp, self.threshold)
        return SlideResult(
            slide_id=entry.slide_id,
            status="done" if scores.analysed else "empty",
            reason=locations.reason,
            suspect=locations.suspect,
            counts={"analysed": scores.analysed, "grid": made.heatmap.values.size},
            inputs=self._inputs(entry, header),
            patient=entry.patient,
            node=entry.node,
            centre=entry.centre,
            scores=scores,
            seen_in_split=header.seen_in_split,
            mpp=header.level0_mpp,
            mpp_source=header.mpp_source,
            warnings=tuple(filter(None, (*_warnings(header), *locations.notes, *problems))),
        )


def open_slide(entry: SlideEntry) -> Slide:
    """The slide of a cohort entry, not yet read."""
    return slide_of(entry)


@lru_cache(maxsize=1)
def _predictor(path: Path, model_sha256: str, preprocessing: str, batch_size: int) -> Predictor:
    """The predictor of a bundle; TensorFlow alone serves several threads at once."""
    import keras

    bundle = read_bundle(path)
    if bundle.model_sha256 != model_sha256:
        found = f"{bundle.model_sha256}, for it was replaced meanwhile"
        raise ContractError(path, "model_sha256", model_sha256, found, "Run the command again")
    turn = BoundedSemaphore(CALLS if keras.backend.backend() == "tensorflow" else 1)
    chosen = Preprocessing.model_validate_json(preprocessing)
    return Predictor(bundle.load_network(), chosen, batch_size, turn)


def _left(unit: Unit, store: AnswerStore, locations: DenseLocations) -> npt.NDArray[np.int64]:
    """The locations of this unit that have no answer yet."""
    count = len(locations.xy)
    first, last = (count * part // unit.parts for part in (unit.part, unit.part + 1))
    return first + np.flatnonzero(np.isnan(store.known(count)[first:last]))


def _pale(stain: Stain) -> str:
    return f"its colours are as scanned: {stain.fallback}" if stain.fallback else ""


def _warnings(header: Header) -> tuple[str, ...]:
    """What a reader of the heatmap must know."""
    seen = f"the model has met this slide or its patient in its {header.seen_in_split} split"
    stated = f"scale stated by the user, {header.level0_mpp:g} um/px"
    return (
        seen if header.trained_on_this_slide else "",
        stated if header.mpp_source == "stated" else "",
    )
