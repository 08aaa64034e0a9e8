"""Class activation maps that find several places at once: Grad-CAM++.

Chattopadhay et al. 2018, doi:10.1109/WACV.2018.00097.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layer3_infer.explain.activation_maps import ActivationMaps

if TYPE_CHECKING:
    from common.prediction import Predictor
    from layer3_infer.settings.explain import ExplainSettings


def grad_cam_pp(predictor: Predictor, layer: str, _: ExplainSettings) -> ActivationMaps:
    """Grad-CAM++ of the tumour score at one convolution.

    Never below 0: the method counts what speaks for the target, and nothing else. It takes
    activations as not below 0, so it looks where the convolution's rectifier has been.
    """
    return ActivationMaps(
        predictor.network,
        predictor.preprocessing,
        layer,
        method="grad_cam_pp",
        library=_library,
        options={},
    )


def _library() -> Any:
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus

    return GradcamPlusPlus
