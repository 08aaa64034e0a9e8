"""How well the three layers find tumour on patients they never saw: the mosaic cohort, three times.

Eight slides of eight patients, laid from patches of PatchCamelyon whose labels are known cell by
cell. Three trios are held out in turn, a patient of each centre, with and without tumour; of the
five others, the positive patient with the least tumour is for validation. A slide that two trios
hold out counts once in what is pooled, with the first.

python tests/benchmarks/mosaic.py --data ../shared/data/mosaic --out DIR [--config FILE] [--trios N]

Printed as Markdown. What is finished is kept: the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.outcomes import read_outcomes
from common.roc import auc
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_result import read_results

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CONFIGS: Final = Path(__file__).parents[2] / "configs"
_TRAIN: Final = _CONFIGS / "layer2_train" / "mosaic.yaml"
_EXTRACT: Final = _CONFIGS / "layer1_extract" / "mosaic.yaml"


@dataclass(frozen=True)
class Trio:
    """Patients held out together, and the one that chooses among epochs.

    Attributes
    ----------
    held_out, valid : tuple of str
    """

    held_out: tuple[str, ...]
    valid: tuple[str, ...]


TRIOS: Final = (
    Trio(("patient_002", "patient_022", "patient_040"), ("patient_000",)),
    Trio(("patient_000", "patient_021", "patient_041"), ("patient_022",)),
    Trio(("patient_001", "patient_020", "patient_041"), ("patient_022",)),
)


@dataclass(frozen=True)
class Cells:
    """Cells of tissue that were analysed, of one or several slides.

    Attributes
    ----------
    tumor : (N,) int8
    scores : (N,) float32
    missed : int
        Cells of tissue that were not analysed.
    """

    tumor: np.ndarray
    scores: np.ndarray
    missed: int

    @property
    def auc(self) -> float:
        """Of the cells."""
        return auc(self.tumor, self.scores)


def main() -> None:
    """Train, infer and evaluate each trio; print what came out."""
    options = _options()
    trios = TRIOS[: options.trios]
    patches = options.out / "patches"
    _layer("layer1_extract", "extract", options.data, "--out", patches, "--config", _EXTRACT)
    print("| held out | valid AUC | per-cell AUC | by slide | not analysed | trained in |")
    print("|---|---|---|---|---|---|")
    found: list[Cells] = []
    for number, trio in enumerate(trios, start=1):
        folder = options.out / f"trio-{number}"
        seconds = _run(trio, patches, folder, options)
        by_slide = cells_by_slide(folder / "heatmaps", options.data)
        found.append(joined(list(by_slide.values())))
        print(_row(trio, folder, by_slide, found[-1], seconds), flush=True)
    print(f"\nPer-cell AUC, mean over {len(found)} trios: {np.mean([c.auc for c in found]):.4f}\n")
    folders = [options.out / f"trio-{number}" / "heatmaps" for number in range(1, len(trios) + 1)]
    print("\n".join(pooled(folders, options.data, options.out / "pooled")))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the mosaic cohort")
    parser.add_argument("--out", type=Path, required=True, help="patches, runs and heatmaps")
    parser.add_argument("--config", type=Path, default=_TRAIN, help="of the training")
    parser.add_argument("--set", action="append", default=[], help="of the training; repeated")
    parser.add_argument("--trios", type=int, default=len(TRIOS), choices=range(1, len(TRIOS) + 1))
    return parser.parse_args()


def _run(trio: Trio, patches: Path, folder: Path, options: argparse.Namespace) -> float:
    """Train without the trio, and make and evaluate its heatmaps; seconds of the training."""
    split = {"test": trio.held_out, "valid": trio.valid}
    overrides = [*options.set, *(f"split.{k}=[{', '.join(v)}]" for k, v in split.items())]
    given = [word for override in overrides for word in ("--set", override)]
    run, out = folder / "run", folder / "heatmaps"
    start = time.perf_counter()
    config = ("--config", options.config)
    _layer("layer2_train", "train", "--patches", patches, "--out", run, *config, *given)
    seconds = time.perf_counter() - start
    model = ("--model", run / "bundle")
    _layer("layer3_infer", "heatmap", options.data, *model, "--out", out, "--held-out")
    _layer("layer3_infer", "evaluate", out, "--annotations", options.data)
    return seconds


def _layer(module: str, verb: str, *words: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, verb, *(str(word) for word in words)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{module} {verb} ended with status {done.returncode}:\n{done.stderr[-4000:]}")


def cells_by_slide(results: Path, data: Path) -> dict[str, Cells]:
    """The cells of each slide with a heatmap, with what they are made of."""
    return {
        outcome.slide_id: _cells(results, data, outcome.slide_id)
        for outcome in read_outcomes(results)
    }


def _cells(results: Path, data: Path, slide_id: str) -> Cells:
    values = read_heatmap(ResultsFolder(results).heatmap(slide_id)).heatmap.values
    with np.load(data / f"{slide_id}.truth.npz") as truth:
        tissue, tumor = truth["tissue"], truth["tumor"]
    seen = tissue & ~np.isnan(values)
    return Cells(tumor[seen].astype(np.int8), values[seen], int((tissue & ~seen).sum()))


def joined(cells: Sequence[Cells]) -> Cells:
    """All cells of several slides."""
    return Cells(
        np.concatenate([one.tumor for one in cells]),
        np.concatenate([one.scores for one in cells]),
        sum(one.missed for one in cells),
    )


def _row(trio: Trio, folder: Path, by_slide: dict[str, Cells], cells: Cells, seconds: float) -> str:
    valid = _json(folder / "run" / "metrics.json")["valid"]["auc"]["value"]
    said = (f"{name[:11]} {one.auc:.3f}" for name, one in by_slide.items() if one.tumor.any())
    names = ", ".join(trio.held_out)
    missed = f"{cells.missed} of {len(cells.tumor) + cells.missed}"
    return (
        f"| {names} | {valid:.4f} | {cells.auc:.4f} | {', '.join(said)} | {missed} "
        f"| {seconds:.0f} s |"
    )


def pooled(folders: Sequence[Path], data: Path, out: Path) -> Iterator[str]:
    """FROC and slide AUC over every slide once, each by a model that never saw its patient."""
    shutil.rmtree(out, ignore_errors=True)
    (out / "detections").mkdir(parents=True)
    scores: dict[str, float | None] = {}
    for folder in folders:
        for result in read_results(folder):
            if result.slide_id not in scores:
                scores[result.slide_id] = result.scores.maximum
                source = ResultsFolder(folder).detections(result.slide_id)
                shutil.copy(source, ResultsFolder(out).detections(result.slide_id))
    lines = [f"{slide_id},{score}\n" for slide_id, score in scores.items()]
    (out / "scores.csv").write_text("".join(["slide_id,score\n", *lines]))
    tables = ("--detections", out / "detections", "--scores", out / "scores.csv")
    _layer("layer3_infer", "evaluate", out, "--annotations", data, *tables)
    evaluation = _json(ResultsFolder(out).evaluation)
    froc = evaluation["froc"]
    yield f"Every slide once ({len(scores)} slides):"
    yield f"* slide AUC of the highest probability {_interval(evaluation['slides']['auc'])}"
    yield f"* FROC score {_interval(froc['score'])}, {froc['lesions']} lesions"
    for rate, found in froc["sensitivity"].items():
        yield f"  * sensitivity at {rate} false positives per slide {_interval(found)}"


def _interval(found: dict[str, Any]) -> str:
    if found["value"] is None or found["low"] is None:
        return f"{found['value']} (no interval)"
    return f"{found['value']:.3f} (95 % interval {found['low']:.3f} to {found['high']:.3f})"


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
