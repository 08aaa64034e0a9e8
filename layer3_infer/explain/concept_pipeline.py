"""Patch files and a model to concepts: measured, regressed, and told."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.config import digest
from common.errors import ConfigError
from common.files import sha256
from common.outcomes import Outcome, attempt, write_outcome
from common.preprocessing import slide_stain
from common.progress import progress
from common.provenance import software
from common.stain import Unchanged, patches_of
from common.workers import spread
from layer3_infer.explain.concept_measures import MeasuringTask, died, read_measures, run_task
from layer3_infer.explain.concept_report import Looked, report
from layer3_infer.explain.concept_sample import sample
from layer3_infer.explain.concept_table import ConceptsFolder, read_facts, write_facts
from layer3_infer.explain.concepts import of_measures, read_given, values_of
from layer3_infer.explain.finding import Plan
from layer3_infer.explain.gradients import Gradients, LayerView
from layer3_infer.explain.layer_choice import default_layers
from layer3_infer.explain.measures import MEASURES
from layer3_infer.explain.nucleus_masks import mask_path
from layer3_infer.explain.significance import permutations_needed
from layer3_infer.heatmap_file import TRAINING_SPLITS
from layer3_infer.run_claim import claim_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from common.model_bundle import Bundle
    from common.patch_file.reader import PatchFile
    from common.stain import Stain
    from layer3_infer.config import ConceptsSettings
    from layer3_infer.explain.concept_sample import SampledSlide
    from layer3_infer.explain.concepts import Concept, Given
    from layer3_infer.explain.finding import Values

log = logging.getLogger(__name__)
_FEWEST_SHUFFLES: Final = 1000


@dataclass(frozen=True)
class ConceptInputs:
    """What concepts are asked of.

    Attributes
    ----------
    files : mapping of slide_id to sequence of PatchFile
        With pixels.
    given : Path or None
        A CSV with concepts of patches; only patches it names are looked at.
    nuclei : Path or None
        Folder of given nuclei: see `nucleus_masks`.
    """

    files: Mapping[str, Sequence[PatchFile]]
    given: Path | None = None
    nuclei: Path | None = None


@dataclass(frozen=True)
class ConceptResult:
    """How a run ended.

    Attributes
    ----------
    outcomes : sequence of Outcome
        One per slide.
    facts : dict
        What ``concepts.json`` holds.
    kept : bool
        Whether an earlier run had found it all.
    """

    outcomes: Sequence[Outcome]
    facts: dict[str, Any]
    kept: bool = False


def find_concepts(
    bundle: Bundle,
    inputs: ConceptInputs,
    out: Path,
    settings: ConceptsSettings,
    *,
    workers: int = 1,
    overwrite: bool = False,
) -> ConceptResult:
    """Ask a network about concepts; writes ``concepts.json``, ``.csv``, ``.png`` and ``.txt``.

    Measures of nuclei are kept by slide, so that a run that was stopped does not take them again.

    Parameters
    ----------
    bundle : Bundle
    inputs : ConceptInputs
    out : Path
    settings : ConceptsSettings
    workers : int
        Processes that measure nuclei.
    overwrite : bool
        Do everything anew.

    Raises
    ------
    ConfigError
        If `out` holds results of something else, or patches of too few patients are left.
    """
    nuclei = _marks_of_nuclei(inputs)
    decides = {
        "model_sha256": bundle.model_sha256,
        "preprocessing_sha256": digest(bundle.manifest.preprocessing),
        "given_sha256": sha256(inputs.given) if inputs.given else "",
        "nuclei_sha256": _together(nuclei),
    }
    claim_run(out, "concepts", settings, decides, inputs.files, overwrite=overwrite)
    run = _Run(bundle, inputs, nuclei, ConceptsFolder(out), settings, workers)
    return run.find(overwrite=overwrite)


@dataclass(frozen=True, eq=False)
class _Run:
    bundle: Bundle
    inputs: ConceptInputs
    nuclei: Mapping[str, str]
    out: ConceptsFolder
    settings: ConceptsSettings
    workers: int

    def find(self, *, overwrite: bool) -> ConceptResult:
        given = self._given()
        outcomes, slides = self._sampled(given)
        mark = _mark(slides)
        facts = {} if overwrite else read_facts(self.out.facts)
        whole = all(path.exists() for path in (self.out.table, self.out.picture, self.out.words))
        if facts.get("sample_sha256") == mark and whole:
            outcomes |= {s.slide_id: Outcome(s.slide_id, "done") for s in slides}
            return ConceptResult(list(outcomes.values()), facts, kept=True)
        _check_enough(slides)
        gradients = self._gradients()
        concepts = self._concepts(given)
        plan = self._plan(len(concepts) * len(gradients.layers))
        outcomes |= self._measured(slides, overwrite=overwrite)
        slides = [slide for slide in slides if outcomes[slide.slide_id].status == "done"]
        views, lost = self._views(gradients, slides)
        outcomes |= lost
        slides = [slide for slide in slides if slide.slide_id not in lost]
        for outcome in outcomes.values():
            write_outcome(self.out.path, outcome)
        _check_enough(slides)
        values = self._values(concepts, slides, given)
        seen = sum(len(slide) for slide in slides if self._known(slide))
        looked = Looked(slides, concepts, values, views, seen, bool(self.nuclei))
        facts = report(looked, plan, self.out) | {
            "model_sha256": self.bundle.model_sha256,
            "nuclei_sha256": _together(self.nuclei),
            "config_sha256": digest(self.settings),
            "software": software(),
            "patch_mpp": self.bundle.manifest.patch_mpp,
            "sample_sha256": mark,
        }
        if any(outcome.status == "failed" for outcome in outcomes.values()):
            facts["sample_sha256"] = ""  # so that the next run tries them again
        write_facts(self.out.facts, facts)
        return ConceptResult(list(outcomes.values()), facts)

    def _given(self) -> Given | None:
        if self.inputs.given is None:
            return None
        return read_given(self.inputs.given, self.settings.discrete)

    def _sampled(self, given: Given | None) -> tuple[dict[str, Outcome], list[SampledSlide]]:
        """The patches of each slide; and how those ended that cannot be sampled."""
        share = self.settings.most // (2 * max(1, len(self.inputs.files)))
        per_class = max(1, min(self.settings.per_class, share))
        wanted = None if given is None else (lambda *place: place in given.values)
        outcomes: dict[str, Outcome] = {}
        slides: list[SampledSlide] = []
        for slide_id, files in self.inputs.files.items():

            def draw(files: Sequence[PatchFile] = files) -> Outcome:
                spec, seed = self.bundle.manifest.spec, self.settings.seed
                drawn = sample(files, spec, per_class, seed, wanted)
                if not len(drawn):
                    return Outcome(drawn.slide_id, "empty", "no patch to look at")
                slides.append(drawn)
                return Outcome(drawn.slide_id, "done")

            outcomes[slide_id] = attempt(slide_id, draw)
        return {k: o for k, o in outcomes.items() if o.status != "done"}, slides

    def _measured(self, slides: Sequence[SampledSlide], *, overwrite: bool) -> dict[str, Outcome]:
        tasks = [
            MeasuringTask(
                slide,
                self.out.measures(slide.slide_id),
                self.inputs.nuclei,
                self.nuclei.get(slide.slide_id, ""),
                overwrite,
            )
            for slide in slides
        ]
        ended = spread(run_task, tasks, self.workers, died)
        done = progress(ended, "measure nuclei", total=len(tasks))
        return {outcome.slide_id: outcome for outcome in done}

    def _gradients(self) -> Gradients:
        """The network, ready to be asked at the layers wanted."""
        network, manifest = self.bundle.load_network(), self.bundle.manifest
        layers = self.settings.layers or default_layers(
            network.get_config(), manifest.cam_layer, self.settings.layer_count
        )
        made = Gradients(network, manifest.preprocessing, layers, self.settings.batch_size)
        made.prepare()
        return made

    def _views(
        self, gradients: Gradients, slides: Sequence[SampledSlide]
    ) -> tuple[dict[str, LayerView], dict[str, Outcome]]:
        """What layers do with all patches, slide by slide; and how those ended that failed."""
        parts: list[dict[str, LayerView]] = []
        lost: dict[str, Outcome] = {}
        for slide in progress(slides, "activations", total=len(slides)):

            def look(slide: SampledSlide = slide) -> Outcome:
                parts.append(gradients(self._stain(slide)(slide.read())))
                return Outcome(slide.slide_id, "done")

            outcome = attempt(slide.slide_id, look)
            if outcome.status == "failed":
                lost[slide.slide_id] = outcome
        views = {
            name: LayerView(
                np.concatenate([part[name].activations for part in parts]),
                np.concatenate([part[name].gradients for part in parts]),
            )
            for name in (gradients.layers if parts else ())
        }
        return views, lost

    def _known(self, slide: SampledSlide) -> bool:
        """Whether the model was trained or chosen on this slide or its patient."""
        split = self.bundle.manifest.split_of(slide.fingerprint, slide.patient)
        return split in TRAINING_SPLITS

    def _stain(self, slide: SampledSlide) -> Stain:
        preprocessing = self.bundle.manifest.preprocessing
        if preprocessing.stain == "none":
            return Unchanged()
        patches = patches_of(slide.files, preprocessing.patches)
        return slide_stain(slide.slide_id, patches, preprocessing)

    def _concepts(self, given: Given | None) -> list[Concept]:
        """Measures of nuclei, then what was given."""
        settings, mpp = self.settings, self.bundle.manifest.patch_mpp
        measures = of_measures(
            settings.measures, settings.discrete, mpp, nuclei_given=bool(self.nuclei)
        )
        concepts = [*measures, *(given.concepts if given else ())]
        unknown = sorted(set(settings.discrete) - {concept.name for concept in concepts})
        if unknown:
            known = ", ".join(concept.name for concept in concepts)
            raise ConfigError(f"discrete: expected concepts, found {unknown[0]}. Known: {known}")
        return concepts

    def _values(
        self, concepts: Sequence[Concept], slides: Sequence[SampledSlide], given: Given | None
    ) -> list[Values]:
        """The values of each concept at all patches."""
        read = [
            read_measures(
                self.out.measures(slide.slide_id), slide, self.nuclei.get(slide.slide_id, "")
            )
            for slide in slides
        ]
        measured = np.concatenate([values for values in read if values is not None])
        columns = dict(zip(MEASURES, measured.T, strict=True))
        if given is not None:
            places = [(slide.slide_id, x, y) for slide in slides for x, y in slide.coords.tolist()]
            told = np.array([given.values[place] for place in places], dtype=np.float64)
            columns |= {c.name: own for c, own in zip(given.concepts, told.T, strict=True)}
        return [values_of(concept, columns[concept.name]) for concept in concepts]

    def _plan(self, tests: int) -> Plan:
        settings = self.settings
        needed = permutations_needed(tests, settings.level)
        shuffles = settings.shuffles or max(_FEWEST_SHUFFLES, needed)
        if shuffles < needed:
            raise ConfigError(
                f"shuffles: expected at least {needed} for {tests} concepts times layers, found "
                f"{shuffles}. With fewer nothing can pass"
            )
        return Plan(
            folds=settings.folds,
            ridge=settings.ridge,
            repeats=settings.repeats,
            shuffles=shuffles,
            level=settings.level,
            seed=settings.seed,
        )


def _marks_of_nuclei(inputs: ConceptInputs) -> dict[str, str]:
    """SHA-256 of the nuclei that are given, by slide; empty where they are to be found."""
    if inputs.nuclei is None:
        return {}
    marks = {}
    for slide_id, files in inputs.files.items():
        paths = [mask_path(inputs.nuclei, file) for file in files]
        marks[slide_id] = _sha256_of([sha256(path) if path.is_file() else "" for path in paths])
    return marks


def _together(marks: Mapping[str, str]) -> str:
    """One SHA-256 of those of all slides; empty where there are none."""
    return _sha256_of(sorted(marks.items())) if marks else ""


def _mark(slides: Sequence[SampledSlide]) -> str:
    """SHA-256 of which patches are looked at."""
    places = [
        [slide.fingerprint, slide.patient, slide.coords.tolist(), slide.row.tolist()]
        for slide in slides
    ]
    return _sha256_of(places)


def _sha256_of(values: Any) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _check_enough(slides: Sequence[SampledSlide]) -> None:
    groups = {slide.group for slide in slides}
    if len(groups) < 2:
        raise ConfigError(
            f"concepts: expected patches of two patients at least, found {len(groups)}: "
            "a regression is tried on patients it has not seen. Give patch files of more patients"
        )
