"""The methods of a run tried on networks with random weights: ``sanity.json`` and a picture."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.config import with_values
from common.errors import ConfigError
from common.files import write_text
from common.prediction import Predictor
from common.progress import progress
from layer3_infer.explain.explanation_file import file_name, read_explanations
from layer3_infer.explain.sanity import (
    Depth,
    Sanity,
    depths_of,
    mean_likeness,
    random_copy,
    weighted_layers,
)
from layer3_infer.explain.sanity_plot import write_sanity_plot
from layer3_infer.explainers import EXPLAINERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.model_bundle import Bundle
    from layer3_infer.config import ExplainSettings
    from layer3_infer.explain.explanation import Method

    Maps = list[npt.NDArray[np.float32]]

NUMBERS: Final = "sanity.json"
PICTURE: Final = "sanity.png"


def check_methods(
    bundle: Bundle, out: Path, slides: Iterable[str], settings: ExplainSettings
) -> list[Sanity]:
    """Try each method of a finished run on some of its patches; write what came of it in `out`.

    Parameters
    ----------
    bundle : Bundle
        Its network is left as it is.
    out : Path
        The folder of the explanations.
    slides : iterable of str
        The ids of the slides explained.
    settings : ExplainSettings

    Raises
    ------
    ConfigError
        If there is no patch to try them on.
    """
    patches = _patches(out, slides, settings)
    if not len(patches):
        raise ConfigError(f"{out}: expected explained patches to check with, found none")
    manifest = bundle.manifest
    predictor = Predictor(bundle.load_network(), manifest.preprocessing, settings.batch_size)
    checks = [
        Check(EXPLAINERS[name].load(), name, manifest.cam_layer, settings)
        for name in settings.methods
    ]
    found = [check(predictor, patches) for check in checks]
    record = {
        "model_sha256": bundle.model_sha256,
        "seed": settings.sanity.seed,
        "methods": [_record(one) for one in found],
    }
    write_text(out / NUMBERS, json.dumps(record, indent=2, allow_nan=False) + "\n")
    write_sanity_plot(out / PICTURE, found)
    return found


def forget_check(out: Path) -> None:
    """Remove what an earlier check found: its explanations are about to be replaced."""
    for name in (NUMBERS, PICTURE):
        (out / name).unlink(missing_ok=True)


@dataclass(frozen=True, eq=False)
class Check:
    """One method, and how it is tried.

    Attributes
    ----------
    method : Method
    name : str
    layer : str
        Name of the network's last convolution.
    settings : ExplainSettings
    """

    method: Method
    name: str
    layer: str
    settings: ExplainSettings

    def __call__(self, predictor: Predictor, patches: npt.NDArray[np.uint8]) -> Sanity:
        """What becomes of the maps of (N, S, S, 3) patches."""
        sanity = self.settings.sanity
        trained = self._maps(predictor, patches)
        names = weighted_layers(predictor.network)

        def alike(layers: Sequence[str]) -> tuple[float, float, float]:
            network = random_copy(predictor.network, layers, sanity.seed)
            maps = self._maps(replace(predictor, network=network), patches)
            return mean_likeness(trained, maps)

        counts = depths_of(len(names), sanity.depths)
        bar = progress(counts, f"sanity of {self.name}", unit="depth")
        depths = tuple(_depth(names, count, alike) for count in bar)
        return Sanity(self.name, len(patches), sanity.least_change, depths)

    def _maps(self, predictor: Predictor, patches: npt.NDArray[np.uint8]) -> Maps:
        """Raw maps; repeats would only average away what differs between networks."""
        once = with_values(self.settings.lime, {"repeats": 1})
        attributor = self.method(predictor, self.layer, _with_lime(self.settings, once))
        return [attributor(patch).raw for patch in patches]


def _or_none(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def _with_lime(settings: ExplainSettings, lime: Any) -> ExplainSettings:
    return settings.model_copy(update={"lime": lime})


def _depth(
    names: Sequence[str], count: int, alike: Callable[[Sequence[str]], tuple[float, float, float]]
) -> Depth:
    rank, ssim, empty = alike(names[:count])
    alone_rank, alone_ssim, alone_empty = alike(names[count - 1 : count])
    return Depth(names[count - 1], count, rank, ssim, alone_rank, alone_ssim, empty, alone_empty)


def _record(one: Sanity) -> dict[str, Any]:
    """A method's part of the file; JSON has no NaN."""
    depths = [
        {key: _or_none(value) for key, value in asdict(depth).items()} for depth in one.depths
    ]
    return {**asdict(one), "depths": depths, "passes": one.passes, "verdict": one.verdict}


def _patches(out: Path, slides: Iterable[str], settings: ExplainSettings) -> npt.NDArray[np.uint8]:
    """The first patch of each slide, then the second of each, and so on: (N, S, S, 3)."""
    method, count = settings.methods[0], settings.sanity.patches
    paths = [out / file_name(slide_id, method) for slide_id in slides]
    of_slides = [read_explanations(path).explanations for path in paths if path.exists()]
    longest = max((len(rows) for rows in of_slides), default=0)
    in_turn = [rows[n].patch for n in range(longest) for rows in of_slides if n < len(rows)]
    return np.array(in_turn[:count], dtype=np.uint8)
