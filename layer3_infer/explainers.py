"""The methods of explanation a configuration can name.

Names resolve to modules without importing Keras. A method is one class in a module of
`layer3_infer.explain`, and one line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from common.errors import unknown_name


@dataclass(frozen=True)
class Explainer:
    """A method of explanation.

    Attributes
    ----------
    target : str
        ``module:Class``, made from a network, its preprocessing and the name of its last
        convolution; a `layer3_infer.explain.explanation.Attributor`.
    title : str
        What people call it.
    """

    target: str
    title: str

    def load(self) -> Any:
        """The class."""
        module, _, name = self.target.partition(":")
        return getattr(import_module(module), name)


EXPLAINERS: Final = {
    "grad_cam": Explainer("layer3_infer.explain.grad_cam:GradCam", "Grad-CAM"),
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
