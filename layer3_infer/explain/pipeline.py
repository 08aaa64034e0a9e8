"""Patch files to explanations: the most suspect patches of each slide."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from common.config import digest
from common.errors import ConfigError, ContractError
from common.outcomes import Outcome, attempt, write_outcome
from common.prediction import Predictor
from common.preprocessing import slide_stain
from common.progress import progress
from common.provenance import log_head, software
from common.stain import Unchanged, patches_of
from layer3_infer.explain.contact_sheet import write_contact_sheet
from layer3_infer.explain.explanation import Explanation
from layer3_infer.explain.explanation_file import (
    Header,
    SlideExplanations,
    file_name,
    read_explanations,
    write_explanations,
)
from layer3_infer.explainers import EXPLAINERS
from layer3_infer.locations import find_by_slide
from layer3_infer.run_claim import claim_run

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.model_bundle import Bundle
    from common.patch_file.reader import PatchFile
    from common.stain import Stain
    from layer3_infer.config import ExplainSettings
    from layer3_infer.explain.explanation import Attributor

log = logging.getLogger(__name__)


def explain_slides(
    bundle: Bundle,
    files: Mapping[str, Sequence[PatchFile]],
    out: Path,
    settings: ExplainSettings,
    *,
    overwrite: bool = False,
) -> list[Outcome]:
    """Explain patches of each slide, and write ``<slide_id>.<method>.h5`` and ``.png`` in `out`.

    Parameters
    ----------
    bundle : Bundle
    files : mapping of slide_id to sequence of PatchFile
        With pixels; see `wanted_files`.
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
    claim_run(out, "explain", settings, inputs, files, overwrite=overwrite)
    log.info(log_head(digest(settings)))
    explainer = SlideExplainer(bundle, settings, out)
    outcomes = []
    for slide_id, parts in progress(files.items(), "explain", total=len(files)):
        outcome = attempt(
            slide_id,
            lambda slide_id=slide_id, parts=parts: explainer.explain(
                slide_id, parts, overwrite=overwrite
            ),
        )
        write_outcome(out, outcome)
        outcomes.append(outcome)
    return outcomes


@dataclass(frozen=True, eq=False)
class SlideExplainer:
    """How the slides of one run are explained.

    Attributes
    ----------
    bundle : Bundle
    settings : ExplainSettings
    out : Path
    """

    bundle: Bundle
    settings: ExplainSettings
    out: Path

    def explain(
        self, slide_id: str, files: Sequence[PatchFile], *, overwrite: bool = False
    ) -> Outcome:
        """Explain the patches of highest probability of one slide; keep what is finished.

        Raises
        ------
        ContractError
            If the patches have no pixels, or are not those the network takes.
        """
        for file in files:
            self._check(file)
        path = self.out / file_name(slide_id, self.settings.method)
        sheet = path.with_suffix(".png")
        header = self._header(files)
        found = None if overwrite else _kept(path, header)
        if found is None:
            found = SlideExplanations(header, tuple(self._explanations(slide_id, files)))
            sheet.unlink(missing_ok=True)  # so that it never stands beside others' explanations
            write_explanations(path, found)
        if not sheet.exists():
            write_contact_sheet(sheet, found)
        explained = len(found.explanations)
        if not explained:
            return Outcome(slide_id, "empty", "no patches in its patch file")
        return Outcome(slide_id, "done", counts={"explained": explained})

    def _explanations(self, slide_id: str, files: Sequence[PatchFile]) -> list[Explanation]:
        stain = self._stain(slide_id, files)
        scores = [self._scores(file, stain) for file in files]
        part = np.repeat(np.arange(len(files)), [len(s) for s in scores])
        row = np.concatenate([np.arange(len(s)) for s in scores])
        order = np.argsort(-np.concatenate(scores), kind="stable")[: self.settings.top]
        made = []
        for at in order:
            of_file, index = int(part[at]), int(row[at])
            file = files[of_file]
            patch = stain(file.read([index]))
            x, y = file.coords[index].tolist()
            made.append(
                Explanation(
                    method=self.settings.method,
                    target=self.bundle.manifest.classes[-1],
                    attribution=self._attributor(patch)[0],
                    patch=patch[0],
                    slide_id=slide_id,
                    x=x,
                    y=y,
                    probability=float(scores[of_file][index]),
                    label=int(file.labels[index]),
                )
            )
        return made

    def _stain(self, slide_id: str, files: Sequence[PatchFile]) -> Stain:
        preprocessing = self.bundle.manifest.preprocessing
        if preprocessing.stain == "none" or not any(len(file) for file in files):
            return Unchanged()
        patches = patches_of(files, preprocessing.patches)
        return slide_stain(slide_id, patches, preprocessing)

    def _scores(self, file: PatchFile, stain: Stain) -> npt.NDArray[np.float32]:
        size = self.settings.batch_size
        starts = range(0, len(file), size)
        parts = [
            self._predictor(stain(file.read(np.arange(start, min(start + size, len(file))))))
            for start in starts
        ]
        return np.concatenate([np.empty(0, dtype=np.float32), *parts])

    def _check(self, file: PatchFile) -> None:
        wanted, header = self.bundle.manifest.spec, file.header
        if not header.spec.agrees(wanted):
            raise ContractError(
                file.path,
                "patch_size, patch_mpp",
                f"what the model takes, {wanted.size} px at {wanted.mpp:g} um/px",
                f"{header.patch_size} px at {header.patch_mpp:g} um/px",
                "Extract with the model's patch.size and patch.mpp",
            )

    def _header(self, files: Sequence[PatchFile]) -> Header:
        manifest, header = self.bundle.manifest, files[0].header
        return Header(
            method=self.settings.method,
            target=manifest.classes[-1],
            slide_id=header.slide_id,
            slide_fingerprint=header.slide_fingerprint,
            patch_size=header.patch_size,
            patch_mpp=header.patch_mpp,
            model_sha256=self.bundle.model_sha256,
            seen_in_split=manifest.split_of(header.slide_fingerprint, header.patient),
            config_sha256=digest(self.settings),
            patches_config_sha256=header.config_sha256,
            software=software(),
            candidates=sum(len(file) for file in files),
        )

    @cached_property
    def _predictor(self) -> Predictor:
        manifest = self.bundle.manifest
        return Predictor(
            self.bundle.load_network(), manifest.preprocessing, self.settings.batch_size
        )

    @cached_property
    def _attributor(self) -> Attributor:
        manifest = self.bundle.manifest
        method = EXPLAINERS[self.settings.method].load()
        return method(self._predictor.network, manifest.preprocessing, manifest.cam_layer)


def wanted_files(folder: Path, slides: Collection[str] = ()) -> dict[str, Sequence[PatchFile]]:
    """The patch files of a folder by slide: of all slides, or of those asked for.

    Raises
    ------
    ConfigError
        If a slide asked for is not there.
    """
    files = find_by_slide(folder)
    missing = sorted(set(slides) - set(files))
    if missing:
        known = ", ".join(sorted(files))
        raise ConfigError(
            f"--slide: expected slides of {folder}, found {', '.join(missing)}. There are: {known}"
        )
    return {slide_id: files[slide_id] for slide_id in (slides or files)}


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
