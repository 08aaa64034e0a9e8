"""The pictures of results that lie beside `metrics.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from layer2_train.charts import draw_centres, draw_confusion
from layer2_train.curves import draw_reliability, draw_roc

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from layer2_train.evaluation import Answers

ROC: Final = "roc.png"
RELIABILITY: Final = "reliability.png"
CONFUSION: Final = "confusion.png"
CENTRES: Final = "centres.png"
PICTURES: Final = (ROC, RELIABILITY, CONFUSION, CENTRES)


def draw_results(answers: Mapping[str, Answers], folder: Path) -> list[Path]:
    """Draw the results of every split into `folder`; the files that were written.

    The ROC is always drawn, the others where there is something to see: answers at all, and for
    `CENTRES` a centre that is known.
    """
    drawn = [folder / ROC]
    draw_roc(answers, drawn[0])
    if answers:
        drawn += [folder / RELIABILITY, folder / CONFUSION]
        draw_reliability(answers, folder / RELIABILITY)
        draw_confusion(answers, folder / CONFUSION)
    if any(own.metrics["centres"] for own in answers.values()):
        drawn.append(folder / CENTRES)
        draw_centres(answers, folder / CENTRES)
    return drawn
