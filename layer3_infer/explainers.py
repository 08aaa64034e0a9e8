"""The methods of explanation a configuration can name.

Names resolve to modules without importing Keras. A method is one function in a module of
`layer3_infer.explain`, and one line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from common.errors import unknown_name

if TYPE_CHECKING:
    from layer3_infer.explain.explanation import Method


@dataclass(frozen=True)
class Explainer:
    """A method of explanation.

    Attributes
    ----------
    target : str
        ``module:function``; a `layer3_infer.explain.explanation.Method`.
    title : str
        What people call it.
    signed : bool
        Whether what speaks against tumour is part of its answer, and shown.
    """

    target: str
    title: str
    signed: bool = False

    def load(self) -> Method:
        """What makes an `Attributor` of a network."""
        module, _, name = self.target.partition(":")
        return getattr(import_module(module), name)


EXPLAINERS: Final = {
    "grad_cam": Explainer("layer3_infer.explain.grad_cam:grad_cam", "Grad-CAM"),
    "grad_cam_pp": Explainer("layer3_infer.explain.grad_cam_pp:grad_cam_pp", "Grad-CAM++"),
    "lime": Explainer("layer3_infer.explain.lime:lime", "LIME", signed=True),
}


def check_name(name: str) -> str:
    """Return `name` if a method goes by it.

    Raises
    ------
    ConfigError
        Naming the closest known method, and all of them.

    Examples
    --------
    >>> check_name("grad_cam")
    'grad_cam'
    """
    if name in EXPLAINERS:
        return name
    raise unknown_name("method", name, EXPLAINERS)
