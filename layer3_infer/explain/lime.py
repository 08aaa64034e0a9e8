"""Local surrogate models: which pieces of a patch, when shown, raise the answer.

LIME, Ribeiro et al. 2016, doi:10.1145/2939672.2939778, through the package ``lime``. Runs on any
backend of Keras: the network is only asked for answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from layer3_infer.explain.explanation import Attribution
from layer3_infer.explain.stability import stability

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.prediction import Predictor
    from layer3_infer.settings.explain import ExplainSettings, LimeSettings

_WHITE: Final = 255
_SIGMA: Final = 1.0
_TUMOUR: Final = 0  # the only column of the answers
_ROUNDING: Final = 1e-7  # of answers in single precision; weights below say nothing


@dataclass(frozen=True, eq=False)
class Lime:
    """LIME on superpixels; a `layer3_infer.explain.explanation.Attributor`.

    The raw map holds the weights of a linear model of the answer: by how much showing a piece
    raises P(tumour), near this patch. Pieces come from SLIC, in which no chance is; the variants
    are drawn from the seed alone, so a patch has the same map whatever its company.

    Attributes
    ----------
    predictor : Predictor
        Answers in batches of one size, over all positions the model asks for.
    settings : LimeSettings
    """

    predictor: Predictor
    settings: LimeSettings

    def __call__(self, patch: npt.NDArray[np.uint8]) -> Attribution:
        """The map of a patch, (S, S, 3) uint8, and how far to believe it.

        Measures: ``r2``, how well the linear models follow the answers (1: exactly); and, with
        repeats, those of `stability`. All are NaN where the answer does not move, whatever is
        hidden: then there is nothing to follow, and nothing to agree on.
        """
        pieces = superpixels(patch, self.settings)
        found = [self._repeat(patch, pieces, repeat) for repeat in range(self.settings.repeats)]
        weights = np.stack([weights for weights, _ in found])
        measures = {"r2": float(np.mean([r2 for _, r2 in found])), **stability(weights)}
        if np.isnan(measures["r2"]) or not weights.any():
            measures = dict.fromkeys(measures, float("nan"))
        return Attribution(weights.mean(axis=0).astype(np.float32)[pieces], measures)

    def _repeat(
        self, patch: npt.NDArray[np.uint8], pieces: npt.NDArray[np.intp], repeat: int
    ) -> tuple[npt.NDArray[np.float64], float]:
        """Weight of each piece, (K,), 0 where the answer does not move; R2 of the surrogate."""
        settings = self.settings
        seed = int(np.random.SeedSequence((settings.seed, repeat)).generate_state(1)[0])
        explainer = _explainer()(
            kernel_width=settings.kernel_width, feature_selection="none", random_state=seed
        )
        heard: list[npt.NDArray[np.float64]] = []

        def answers(variants: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
            heard.append(self._answers(variants))
            return heard[-1]

        explained = explainer.explain_instance(
            patch,
            answers,
            labels=(_TUMOUR,),
            top_labels=None,
            hide_color=_WHITE if settings.hidden == "white" else None,
            num_samples=settings.samples,
            batch_size=self.predictor.batch_size,
            segmentation_fn=lambda _: pieces,
            random_seed=seed,
        )
        weights = np.zeros(int(pieces.max()) + 1)
        if np.ptp(np.concatenate(heard)) <= _ROUNDING:
            return weights, float("nan")
        for piece, weight in explained.local_exp[_TUMOUR]:
            weights[piece] = weight if abs(weight) > _ROUNDING else 0.0
        return weights, float(explained.score)

    def _answers(self, variants: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        return self.predictor(variants)[:, None].astype(np.float64)


def lime(predictor: Predictor, _: str, settings: ExplainSettings) -> Lime:
    """LIME for one network."""
    return Lime(predictor, settings.lime)


def superpixels(patch: npt.NDArray[np.uint8], settings: LimeSettings) -> npt.NDArray[np.intp]:
    """The pieces of a patch, (S, S), numbered from 0 without gaps."""
    from skimage.segmentation import slic

    pieces = slic(
        patch,
        n_segments=settings.superpixels,
        compactness=settings.compactness,
        sigma=_SIGMA,
        start_label=0,
    )
    return np.unique(pieces, return_inverse=True)[1].reshape(pieces.shape)


def _explainer() -> Any:
    """The package's explainer, with variants made a batch at a time.

    The package's own loop draws a progress bar for every patch, which nothing turns off.
    """
    from lime.lime_image import LimeImageExplainer

    class Explainer(LimeImageExplainer):
        def data_labels(
            self,
            image: npt.NDArray[np.uint8],
            fudged_image: npt.NDArray[np.uint8],
            segments: npt.NDArray[np.intp],
            classifier_fn: Any,
            num_samples: int,
            batch_size: int = 10,
        ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
            shown = self.random_state.randint(0, 2, (num_samples, int(segments.max()) + 1))
            shown[0] = 1  # the patch itself comes first
            answers = [
                classifier_fn(np.where(part[:, segments, None] == 1, image, fudged_image))
                for part in np.array_split(shown, range(batch_size, num_samples, batch_size))
            ]
            return shown, np.concatenate(answers)

    return Explainer
