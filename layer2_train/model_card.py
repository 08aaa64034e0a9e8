"""What people should know of a model before they use it, as Markdown.

After Mitchell et al. 2019, doi:10.1145/3287560.3287596. A card names no patient and no slide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layer2_train import centres
from layer2_train.history import best
from layer2_train.metrics import RATES
from layer2_train.thresholds import FIXED
from layer2_train.wording import FEW, counted, probability, rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.model_bundle import Manifest
    from layer2_train.history import Epoch


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
    ranks : int
        Processes that trained together.
    """

    manifest: Manifest
    counts: dict[str, dict[str, int]]
    history: tuple[Epoch, ...]
    resolved: str
    ranks: int = 1


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
            f"shows tumour.{_asked(manifest)} {_stain(manifest)}",
            "",
            "## Data",
            "",
            *_data(facts.counts),
            "",
            "Train is what the weights were fitted to; valid chose the epoch, and the threshold "
            "where it was chosen; test was looked at once, after that.",
            "",
            "## Training",
            "",
            *_training(manifest.config, facts.ranks),
            "",
            "## Results",
            "",
            *_results(manifest.metrics),
            "",
            f"Weights of epoch {kept.epoch} of {len(facts.history)}. In brackets the 95 % "
            "bootstrap interval; none where all patches are of one patient or slide. An interval "
            f"over fewer than {FEW} patients or slides is not to be relied on.",
            "",
            *_threshold(manifest.metrics),
            *_calibration(manifest.metrics),
            *_centres(manifest.metrics),
            "## Intended use",
            "",
            "Research on finding and explaining tumour in slides like those it was trained on: to "
            "look at where it sees tumour, beside the slide, with someone who can judge it.",
            "",
            "## Limits",
            "",
            "* Other tissues, stains, scanners and scales were not tested. Stain and scanner "
            "change results much.",
            "* A probability is the network's score, as trained: nothing corrects it afterwards. "
            "It depends on how common tumour was among the patches shown in training, and is no "
            "share of tissue, nor the chance that a slide holds tumour.",
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


def _asked(manifest: Manifest) -> str:
    shown = manifest.preprocessing.orientations
    if shown == 1:
        return ""
    return f" Its answer is the mean over {shown} positions in which it is shown the patch."


def _stain(manifest: Manifest) -> str:
    method = manifest.preprocessing.stain
    if method == "none":
        return "Stain normalisation: none; colours are taken as they were scanned."
    return (
        f"Stain normalisation: {method}, measured on each slide. It is not part of the network: "
        "who asks it without this project's tools has to do the same first."
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
        [split, str(own["n"]), *_rates(own, RATES), counted(own["groups"], own["intervals_over"])]
        for split, own in metrics.items()
    ]
    names = [name.replace("_", " ") for name in RATES[1:]]
    return _table(["split", "patches", "AUC", *names, "intervals over"], rows)


def _training(config: dict[str, Any], ranks: int) -> list[str]:
    """What was shown to the network, as far as it changes what its answers mean."""
    lines = [f"* Augmentation: {_augmentation(config.get('augmentation') or {})}."]
    shares = config.get("balance") or {}
    classes, centres = shares.get("classes", "natural"), shares.get("centres", "natural")
    if classes == "natural":
        lines.append("* Classes were shown as often as there were patches of each.")
    else:
        lines.append(
            f"* Classes were shown {_shares(classes)}, whatever their numbers in the table above: "
            "probabilities are shifted towards the rarer class, and hold for that mixture only."
        )
    if centres != "natural":
        lines.append("* Within a class, patches of every centre were shown equally often.")
    if ranks > 1:
        lines.append(f"* {ranks} processes trained together, a share of the patches each.")
    return lines


def _augmentation(config: dict[str, Any]) -> str:
    """What is not off, in words.

    Examples
    --------
    >>> _augmentation({"flip": True, "rotate90": False, "stain_jitter": {"scale": 0.05}})
    'flip, stain jitter (scale 0.05)'
    """
    said = []
    for name, value in config.items():
        inside = _augmentation(value) if isinstance(value, dict) else ""
        if value is True:
            said.append(name)
        elif inside not in ("", "none"):
            said.append(f"{name} ({inside})")
        elif not isinstance(value, dict) and value:
            said.append(f"{name} {value:g}")
    return ", ".join(said).replace("_", " ") or "none"


def _shares(classes: str | dict[str, float]) -> str:
    if isinstance(classes, dict):
        return f"as {classes['normal']:g} normal to {classes['tumor']:g} tumour"
    return "equally often"


def _threshold(metrics: dict[str, Any]) -> list[str]:
    for own in metrics.values():
        choice = own.get("threshold_choice", {})
        said = f"A patch is called tumour from a probability of {probability(own['threshold'])} on"
        if choice.get("rule", FIXED) == FIXED:
            return [f"{said}: a number that was given, not chosen on patches.", ""]
        asked = (
            "the highest sum of sensitivity and specificity (Youden's index)"
            if choice["at"] is None
            else f"a {choice['rule']} of {choice['at']:g}"
        )
        return [
            f"{said}: chosen on the patches of {choice['on']} for {asked}, which flatters the "
            f"results there; other splits took it as it was.",
            "",
        ]
    return []


def _calibration(metrics: dict[str, Any]) -> list[str]:
    rows = [
        [split, rate(own["calibration"]["ece"]), rate(own["calibration"]["brier"])]
        for split, own in metrics.items()
        if "calibration" in own
    ]
    if not rows:
        return []
    return [
        *_table(["split", "expected calibration error", "Brier score"], rows),
        "",
        "The calibration error is the mean distance between probability and share of tumour, over "
        "15 bins of equal width; 0 would be a probability that means what it says.",
        "",
    ]


def _centres(metrics: dict[str, Any]) -> list[str]:
    rows = [
        [
            split,
            name,
            str(found["n"]),
            *_rates(found, centres.RATES),
            counted(found["groups"], own["intervals_over"]),
        ]
        for split, own in metrics.items()
        for name, found in own.get("centres", {}).items()
    ]
    if not rows:
        return []
    names = [name.replace("_", " ") for name in centres.RATES[1:]]
    head = ["split", "centre", "patches", "AUC", *names, "intervals over"]
    return ["By centre:", "", *_table(head, rows), ""]


def _rates(found: dict[str, Any], names: Sequence[str]) -> list[str]:
    return [rate(found[name]) for name in names]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]
