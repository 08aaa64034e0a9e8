"""What speaks for and against a concept in each layer, held against shuffled copies of it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.roc import auc
from layer3_infer.explain import rcv
from layer3_infer.explain.finding import Finding
from layer3_infer.explain.shuffling import grounds, shuffles
from layer3_infer.explain.significance import holm, p_above, p_two_sided

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from layer3_infer.explain.finding import Origins, Plan, Values
    from layer3_infer.explain.gradients import LayerView
    from layer3_infer.explain.shuffling import Ground

    Vector = npt.NDArray[np.float64]

LEAST_PATCHES: Final = 20
"""Fewer tell nothing about a concept."""

_AT_ONCE: Final = 500
"""Shuffled concepts regressed together: more need more memory."""

_BAND: Final = (2.5, 97.5)
_SHUFFLING, _SPLITTING, _REPEATING = 1, 2, 3


def assess(
    views: Mapping[str, LayerView],
    concepts: Sequence[Values],
    origins: Origins,
    plan: Plan,
) -> list[Finding]:
    """Every concept in every layer, layer by layer.

    Values and activations are taken less their means over the slide: a slide's stain moves both,
    and a concept that is right within each slide would look wrong over all of them.

    A concept passes alone where its R2 and its mean sensitivity are both beyond those of its
    shuffled copies, after Holm's correction over all concepts and layers, and the repeats agree
    about the sign. The mean of the sensitivities is tested, not the share of positive ones, TCAV:
    close to the answer the score is nearly linear in the activations, and then every direction, a
    shuffled concept's too, has a TCAV of 0 or 1. How far the score moves along the unit vector
    still tells a direction the network looks along from others.

    What a p-value assumes: that within a slide, and were there nothing between them, the concept
    could as well have lain in any of the ways its shuffled copies do, which are as smooth over the
    slide as it is; and that slides are independent. Where places are not known, it assumes that
    patches are. For smooth values with sharp borders or a long tail the p-value of the sensitivity
    is two to three times too small; that of both together is not.

    Parameters
    ----------
    views : mapping of layer to LayerView
        Of the same N patches.
    concepts : sequence of Values
    origins : Origins
    plan : Plan
    """
    found: list[Finding] = []
    for layer, view in views.items():
        own = list(_layer(layer, view, concepts, origins, plan))
        scaled = rcv.scaled([finding.br for finding in own])
        found += [replace(f, br_scaled=br) for f, br in zip(own, scaled, strict=True)]
    return _passed(found, plan)


def refusal(values: Vector, origins: Origins) -> str:
    """Why a concept cannot be assessed with these values, (N,) of N patches; or an empty text."""
    if len(values) < LEAST_PATCHES:
        return f"{len(values)} patches have a value, of {LEAST_PATCHES} needed"
    patients, slides = origins.patients, origins.slides
    if len(np.unique(patients)) < 2:
        return "values of one patient only: nothing can be held out"
    varied = [slide for slide in np.unique(slides) if np.ptp(values[slides == slide]) > 0]
    if len(np.unique(patients[np.isin(slides, varied)])) < 2:
        return "no value varies within the slides of two patients"
    return ""


def _layer(
    layer: str,
    view: LayerView,
    concepts: Sequence[Values],
    origins: Origins,
    plan: Plan,
) -> Iterator[Finding]:
    """Findings in one layer; concepts with values at the same patches share their regressions."""
    activations = view.activations.astype(np.float64)
    gradients = view.gradients.astype(np.float64)
    together: dict[bytes, list[Values]] = {}
    for concept in concepts:
        together.setdefault(np.isfinite(concept.values).tobytes(), []).append(concept)
    found: dict[str, Finding] = {}
    for members in together.values():
        rows = np.flatnonzero(np.isfinite(members[0].values))
        own = origins.of(rows)
        why = {c.name: refusal(c.values[rows], own) for c in members}
        groups = len(np.unique(own.patients))
        for name, reason in why.items():
            found[name] = Finding(name, layer, len(rows), groups, reason=reason)
        if able := [concept for concept in members if not why[concept.name]]:
            within = rcv.centred(activations[rows], own.slides)
            over = grounds(own.slides, own.places)
            trial = _Trial(within, gradients[rows], own, over, able, plan)
            values = np.stack([concept.values[rows] for concept in able], axis=1)
            for concept, numbers in zip(able, trial.numbers(values), strict=True):
                found[concept.name] = replace(found[concept.name], **numbers)
    return (found[concept.name] for concept in concepts)


@dataclass(frozen=True, eq=False)
class _Trial:
    """Concepts with values at the same patches, in one layer."""

    activations: npt.NDArray[np.float64]
    gradients: npt.NDArray[np.float64]
    origins: Origins
    over: Sequence[Ground]
    concepts: Sequence[Values]
    plan: Plan

    def numbers(self, values: npt.NDArray[np.float64]) -> list[dict[str, Any]]:
        """What `Finding` wants to know of each concept; `values` are (N, K)."""
        plan = self.plan
        fold_of = rcv.split(self.origins.patients, plan.folds, self._rng(_SPLITTING))
        folds = list(rcv.prepare(self.activations, self.gradients, fold_of, plan.ridge))
        own = rcv.centred(values, self.origins.slides)
        again = [self._again(own, number) for number in range(plan.repeats)]
        repeats = np.array(again).reshape(plan.repeats, 2, len(self.concepts))
        return [
            self._one(concept, values[:, [column]], folds, repeats[:, :, column])
            for column, concept in enumerate(self.concepts)
        ]

    def _one(
        self,
        concept: Values,
        values: npt.NDArray[np.float64],
        folds: list[rcv.Fold],
        repeats: npt.NDArray[np.float64],
    ) -> dict[str, Any]:
        own = rcv.centred(values, self.origins.slides)
        held_out = rcv.cross_fit(folds, own)
        sensitivity = held_out.sensitivity[:, 0]
        r2 = float(rcv.r_squared(own, held_out.predicted)[0])
        share, mean = float(rcv.tcav(held_out.sensitivity)[0]), float(sensitivity.mean())
        null_r2, null_share, null_mean = self._null(concept, own[:, 0], folds)
        return {
            **(_parted(values[:, 0], held_out.predicted[:, 0]) if concept.discrete else {}),
            "r2": r2,
            "r2_mean": float(repeats[:, 0].mean()),
            "r2_sd": float(repeats[:, 0].std()),
            **_band("r2", repeats[:, 0]),
            **_band("r2_null", null_r2),
            "r2_p": p_above(r2, null_r2),
            "tcav": share,
            **_band("tcav_null", null_share),
            "tcav_p": p_two_sided(share, null_share),
            "sensitivity_mean": mean,
            "sensitivity_sd": float(sensitivity.std()),
            "sensitivity_z": _z(mean, null_mean),
            "sensitivity_p": p_two_sided(mean, null_mean),
            "br": rcv.bidirectional_relevance(r2, sensitivity),
            "agreement": float((np.sign(repeats[:, 1]) == np.sign(mean)).mean()),
        }

    def _null(
        self, concept: Values, own: Vector, folds: list[rcv.Fold]
    ) -> tuple[Vector, Vector, Vector]:
        """R2, TCAV and mean sensitivity of the shuffled copies, the same in all layers."""
        rng = self._rng(_SHUFFLING, zlib.crc32(concept.name.encode()))
        parts = []
        for start in range(0, self.plan.shuffles, _AT_ONCE):
            count = min(_AT_ONCE, self.plan.shuffles - start)
            copies = shuffles(own, self.over, count, rng)
            held_out = rcv.cross_fit(folds, copies)
            quality, sensitivity = rcv.r_squared(copies, held_out.predicted), held_out.sensitivity
            parts.append(np.stack([quality, rcv.tcav(sensitivity), sensitivity.mean(axis=0)]))
        quality, share, mean = np.concatenate(parts, axis=1)
        return quality, share, mean

    def _again(self, own: npt.NDArray[np.float64], number: int) -> npt.NDArray[np.float64]:
        """R2 and mean sensitivity of every concept, (2, K), with other folds and other patches."""
        rng, plan = self._rng(_REPEATING, number), self.plan
        fold_of = rcv.split(self.origins.patients, plan.folds, rng)
        drawn = partial(rcv.resampled, groups=self.origins.slides, rng=rng)
        folds = rcv.prepare(self.activations, self.gradients, fold_of, plan.ridge, drawn)
        held_out = rcv.cross_fit(folds, own)
        quality = rcv.r_squared(own, held_out.predicted)
        return np.stack([quality, held_out.sensitivity.mean(axis=0)])

    def _rng(self, *purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.plan.seed, *purpose])


def _parted(present: Vector, predicted: Vector) -> dict[str, Any]:
    """What there is to say of a discrete concept alone."""
    parted = auc(present.astype(np.int8), predicted.astype(np.float32))
    return {"n_with": int(present.sum()), "auc": parted}


def _band(name: str, values: Vector) -> dict[str, float]:
    low, high = np.percentile(values, _BAND).tolist()
    return {f"{name}_low": low, f"{name}_high": high}


def _z(found: float, null: Vector) -> float:
    spread = float(null.std())
    return (found - float(null.mean())) / spread if spread > 0 else 0.0


def _passed(found: Sequence[Finding], plan: Plan) -> list[Finding]:
    """The findings with corrected p-values, and whether each passes alone."""
    places = [place for place, finding in enumerate(found) if not finding.reason]
    able = [found[place] for place in places]
    of_r2 = holm([finding.r2_p or 0.0 for finding in able])
    of_sensitivity = holm([finding.sensitivity_p or 0.0 for finding in able])
    done = list(found)
    for place, one, r2, sensitivity in zip(places, able, of_r2, of_sensitivity, strict=True):
        agreed = (one.agreement or 0.0) >= plan.agreement
        passes = max(r2, sensitivity) < plan.level and agreed and (one.r2 or 0.0) > 0
        done[place] = replace(
            one,
            r2_p_corrected=r2,
            sensitivity_p_corrected=sensitivity,
            passes_alone=passes,
            passes=passes,
        )
    return done
