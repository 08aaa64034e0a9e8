"""What people should know of a model before they use it, as Markdown.

After Mitchell et al. 2019, doi:10.1145/3287560.3287596. A card names no patient and no slide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from layer2_train.history import best

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.model_bundle import Manifest
    from layer2_train.history import Epoch

_RATES: Final = ("auc", "accuracy", "sensitivity", "specificity")


@dataclass(frozen=True)
class Facts:
    """What a card is made from.

    Attributes
    ----------
    manifest : Manifest
        With `config` and `metrics`.
    counts : dict of split to dict
        Files, slides, patients, centres and patches by label.
    history : tuple of Epoch
    resolved : str
        The configuration as YAML, without names of patients.
    """

    manifest: Manifest
    counts: dict[str, dict[str, int]]
    history: tuple[Epoch, ...]
    resolved: str


def model_card(facts: Facts) -> str:
    """The text of ``MODEL_CARD.md``."""
    manifest = facts.manifest
    kept = best(facts.history)
    return "\n".join(
        [
            f"# {manifest.architecture}: tumour in patches of lymph-node slides",
            "",
            "Research only. Not a medical device; not for diagnosis, and not a substitute for a "
            "pathologist's reading.",
            "",
            "## What it does",
            "",
            f"Takes an H&E patch of {manifest.patch_size} x {manifest.patch_size} px at "
            f"{manifest.patch_mpp:g} um/px, RGB from 0 to 255, and gives the probability that it "
            f"shows tumour. Stain normalisation: {manifest.preprocessing.stain}.",
            "",
            "## Data",
            "",
            *_data(facts.counts),
            "",
            "Train is what the weights were fitted to; valid chose the epoch; test was looked at "
            "once, after that.",
            "",
            "## Results",
            "",
            *_results(manifest.metrics),
            "",
            f"Weights of epoch {kept.epoch} of {len(facts.history)}. In brackets the 95 % "
            "bootstrap interval; none where all patches are of one patient or slide.",
            "",
            "## Intended use",
            "",
            "Research on finding and explaining tumour in slides like those it was trained on: to "
            "look at where it sees tumour, beside the slide, with someone who can judge it.",
            "",
            "## Limits",
            "",
            "* Other tissues, stains, scanners and scales were not tested. Stain and scanner "
            "change results much.",
            "* A probability is the network's score. It was not calibrated, and depends on how "
            "common tumour was among the training patches.",
            "* Labels come from annotations of regions; small groups of tumour cells outside them "
            "count as normal.",
            "* Results on slides or patients it has seen flatter it; tools of this project say so.",
            "",
            "## Provenance",
            "",
            f"Made by {manifest.software or 'unknown software'}. Configuration:",
            "",
            "```yaml",
            facts.resolved.rstrip("\n"),
            "```",
            "",
        ]
    )


def _data(counts: dict[str, dict[str, int]]) -> list[str]:
    names = ["patients", "slides", "centres", "normal", "tumor"]
    rows = [
        [split, *(_number(own[name], name) for name in names)]
        for split, own in counts.items()
        if own["files"]
    ]
    return _table(["split", *names[:3], "normal patches", "tumour patches"], rows)


def _number(count: int, name: str) -> str:
    return "not known" if count == 0 and name in ("patients", "centres") else str(count)


def _results(metrics: dict[str, Any]) -> list[str]:
    if not metrics:
        return ["None: no patches were set aside."]
    rows = [
        [split, str(own["n"]), *(rate(own[name]) for name in _RATES), own["intervals_over"]]
        for split, own in metrics.items()
    ]
    return _table(["split", "patches", "AUC", *_RATES[1:], "intervals over"], rows)


def rate(value: dict[str, float | None]) -> str:
    """A number and its interval, as far as they are known.

    Examples
    --------
    >>> rate({"value": 0.9, "low": 0.85, "high": 0.95})
    '0.900 (0.850 to 0.950)'
    """
    if value["value"] is None:
        return "undefined"
    if value["low"] is None:
        return f"{value['value']:.3f}"
    return f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]
