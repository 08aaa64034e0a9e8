"""Slides to explanations: of the highest patches, of the least sure ones, or of named ones."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from common.config import digest
from common.errors import ConfigError, ContractError
from common.outcomes import Outcome, attempt, write_outcome
from common.prediction import Predictor
from common.progress import progress
from common.provenance import software
from layer3_infer.explain.choice import at_places, highest, least_sure, numbered
from layer3_infer.explain.comparison_sheet import write_comparison
from layer3_infer.explain.contact_sheet import write_contact_sheet
from layer3_infer.explain.explanation import Explanation
from layer3_infer.explain.explanation_file import (
    Header,
    SlideExplanations,
    file_name,
    read_explanations,
    sheet_name,
    write_explanations,
)
from layer3_infer.explain.sanity_check import forget_check
from layer3_infer.explain.stored_patches import sources_of
from layer3_infer.explainers import EXPLAINERS
from layer3_infer.run_claim import claim_run
from layer3_infer.wording import probability

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.model_bundle import Bundle
    from common.patch_file.reader import PatchFile
    from layer3_infer.config import ExplainSettings
    from layer3_infer.explain.explanation import Attributor
    from layer3_infer.explain.source import Source

log = logging.getLogger(__name__)
_NONE: Final = "no patch to explain"


def explain_slides(
    bundle: Bundle,
    files: Mapping[str, Sequence[PatchFile]],
    out: Path,
    settings: ExplainSettings,
    *,
    overwrite: bool = False,
) -> list[Outcome]:
    """`explain_sources` of patch files with pixels, by slide; see `wanted_files`."""
    sources = sources_of(files, bundle.manifest)
    return explain_sources(bundle, sources, out, settings, overwrite=overwrite)


def explain_sources(
    bundle: Bundle,
    sources: Sequence[Source],
    out: Path,
    settings: ExplainSettings,
    *,
    overwrite: bool = False,
) -> list[Outcome]:
    """Explain patches of each slide: a file and a picture per slide and method, in `out`.

    Parameters
    ----------
    bundle : Bundle
    sources : sequence of Source
        One per slide.
    out : Path
    settings : ExplainSettings
    overwrite : bool
        Do finished slides anew.

    Raises
    ------
    ConfigError
        If `out` holds results of something else.
    """
    inputs = {
        "model_sha256": bundle.model_sha256,
        "preprocessing_sha256": digest(bundle.manifest.preprocessing),
    }
    slides = [source.slide_id for source in sources]
    claim_run(out, "explain", settings, inputs, slides, overwrite=overwrite)
    if overwrite:
        forget_check(out)
    explainer = SlideExplainer(bundle, settings)
    outcomes = []
    for source in progress(sources, "explain"):
        outcome = attempt(
            source.slide_id,
            lambda source=source: explainer.explain(source, out, overwrite=overwrite),
        )
        write_outcome(out, outcome)
        outcomes.append(outcome)
    return outcomes


def foresee(bundle: Bundle, sources: Iterable[Source], settings: ExplainSettings) -> list[Outcome]:
    """What would be explained: each patch as a note of its slide's outcome. Writes nothing."""
    explainer = SlideExplainer(bundle, settings)
    return [
        attempt(source.slide_id, lambda source=source: explainer.foresee(source))
        for source in progress(sources, "choose")
    ]


def check_choice(settings: ExplainSettings, slides: int) -> None:
    """Refuse patches that are named without the one slide they are on.

    Raises
    ------
    ConfigError
    """
    if settings.names_patches and slides != 1:
        raise ConfigError(
            f"--at, --row: expected patches of one slide, found {slides} slides. Give --slide"
        )


@dataclass(frozen=True, eq=False)
class SlideExplainer:
    """How the slides of one run are explained.

    Attributes
    ----------
    bundle : Bundle
    settings : ExplainSettings
    """

    bundle: Bundle
    settings: ExplainSettings

    def explain(self, source: Source, out: Path, *, overwrite: bool = False) -> Outcome:
        """Explain the patches chosen of one slide by each method; keep what is finished.

        Raises
        ------
        SlideError, ContractError
            If the patches cannot be read, or are not those the network takes.
        ConfigError
            If a patch is named that is not there.
        """
        wanted = {name: self._header(name, source) for name in self.settings.methods}
        found = {
            name: None if overwrite else _kept(out / file_name(source.slide_id, name), header)
            for name, header in wanted.items()
        }
        missing = {name: header for name, header in wanted.items() if found[name] is None}
        made = {name: SlideExplanations(wanted[name], ()) for name in missing}
        if missing:
            made = self._explanations(source, missing)
        for name, explanations in made.items():
            path = out / file_name(source.slide_id, name)
            for sheet in (path.with_suffix(".png"), out / sheet_name(source.slide_id)):
                sheet.unlink(missing_ok=True)  # it must never stand beside others' explanations
            write_explanations(path, explanations)
        complete = [found[name] or made[name] for name in wanted]
        self._draw(source.slide_id, out, complete)
        return _outcome(source.slide_id, complete)

    def foresee(self, source: Source) -> Outcome:
        """The patches that would be explained, in the words of an outcome."""
        rows, scores = self.choose(source)
        notes = [
            f"P(tumour) {probability(score)} at x {x}, y {y} (row {row})"
            for row, score, (x, y) in zip(
                rows.tolist(), scores.tolist(), source.facts().coords[rows].tolist(), strict=True
            )
        ]
        status = "done" if notes else "empty"
        reason = "" if notes else _NONE
        return Outcome(
            source.slide_id, status, reason, counts={"to_explain": len(notes)}, notes=notes
        )

    def choose(self, source: Source) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        """Numbers and probabilities of the patches to explain, in the order to show them."""
        facts, settings = source.facts(), self.settings
        count = len(facts.coords)
        if settings.at:
            if not facts.edge:
                raise ConfigError(
                    f"--at: expected patches with a place, found none of {source.slide_id}. "
                    "Take --row"
                )
            rows = at_places(facts.coords, facts.edge, settings.at)
        elif settings.rows:
            rows = numbered(count, settings.rows)
        else:
            scores = source.scores(np.arange(count), self.predictor)
            threshold = self.bundle.manifest.threshold
            chosen = (
                least_sure(scores, settings.top, threshold)
                if settings.choose == "uncertain"
                else highest(scores, settings.top)
            )
            return chosen, scores[chosen]
        return rows, source.scores(rows, self.predictor)

    @cached_property
    def predictor(self) -> Predictor:
        """The model's own network, with its preprocessing."""
        preprocessing = self.bundle.manifest.preprocessing
        return Predictor(self.bundle.load_network(), preprocessing, self.settings.batch_size)

    def _explanations(
        self, source: Source, headers: Mapping[str, Header]
    ) -> dict[str, SlideExplanations]:
        """By method, of the same patches."""
        rows, scores = self.choose(source)
        facts = source.facts()
        labels, coords = facts.labels[rows].tolist(), facts.coords[rows].tolist()
        made: dict[str, list[Explanation]] = {name: [] for name in headers}
        with progress(None, source.slide_id, total=len(rows) * len(made), unit="patch") as bar:
            for place, row in enumerate(rows.tolist()):
                patch = source.read(row)
                for name, rest in made.items():
                    found = self._attributors[name](patch)
                    rest.append(
                        Explanation(
                            method=name,
                            target=self.bundle.manifest.classes[-1],
                            raw=found.raw,
                            patch=patch,
                            slide_id=source.slide_id,
                            x=coords[place][0],
                            y=coords[place][1],
                            probability=float(scores[place]),
                            label=labels[place],
                            measures=found.measures,
                        )
                    )
                    bar.update()
        return {name: SlideExplanations(headers[name], tuple(rest)) for name, rest in made.items()}

    def _draw(self, slide_id: str, out: Path, found: Sequence[SlideExplanations]) -> None:
        for one in found:
            sheet = (out / file_name(slide_id, one.header.method)).with_suffix(".png")
            if not sheet.exists():
                write_contact_sheet(sheet, one)
        together = out / sheet_name(slide_id)
        if len(found) > 1 and not together.exists():
            write_comparison(together, found)

    def _header(self, method: str, source: Source) -> Header:
        facts, settings = source.facts(), self.settings
        return Header(
            method=method,
            target=self.bundle.manifest.classes[-1],
            slide_id=source.slide_id,
            slide_fingerprint=facts.slide_fingerprint,
            patch_size=facts.spec.size,
            patch_mpp=facts.spec.mpp,
            model_sha256=self.bundle.model_sha256,
            seen_in_split=facts.seen_in_split,
            config_sha256=digest(settings),
            patches_config_sha256=facts.config_sha256,
            software=software(),
            candidates=len(facts.coords),
            choice="named" if settings.names_patches else settings.choose,
        )

    @cached_property
    def _attributors(self) -> dict[str, Attributor]:
        layer = self.bundle.manifest.cam_layer
        return {
            name: EXPLAINERS[name].load()(self.predictor, layer, self.settings)
            for name in self.settings.methods
        }


def _outcome(slide_id: str, found: Sequence[SlideExplanations]) -> Outcome:
    explained = len(found[0].explanations)
    if not explained:
        return Outcome(slide_id, "empty", _NONE)
    return Outcome(slide_id, "done", counts={"explained": explained})


def _kept(path: Path, header: Header) -> SlideExplanations | None:
    """The explanations of an earlier run, if this run would make the same."""
    if not path.exists():
        return None
    try:
        found = read_explanations(path)
    except ContractError as error:
        log.warning("%s is explained anew: %s", header.slide_id, error)
        return None
    return found if replace(found.header, software=header.software) == header else None
