"""Gradient-weighted class activation maps.

Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layer3_infer.explain.activation_maps import ActivationMaps

if TYPE_CHECKING:
    from common.prediction import Predictor
    from layer3_infer.settings.explain import ExplainSettings


def grad_cam(predictor: Predictor, layer: str, _: ExplainSettings) -> ActivationMaps:
    """Grad-CAM of the tumour score at one convolution.

    Signed: the method's rectifier is left to `layer3_infer.explain.explanation.share_for`, so that
    what speaks against tumour is kept.
    """
    return ActivationMaps(
        predictor.network,
        predictor.preprocessing,
        layer,
        method="grad_cam",
        library=_library,
        options={"activation_modifier": None},
    )


def _library() -> Any:
    from tf_keras_vis.gradcam import Gradcam

    return Gradcam
