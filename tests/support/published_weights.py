"""Networks of Keras' with made-up weights, in files as Keras publishes them."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
from keras import applications

from layer2_train import architectures, imagenet

_SCALING = {"densenet121": "densenet", "resnet50": "resnet", "resnet101": "resnet"}
_SCALING |= {"inception_v3": "inception_v3", "inception_resnet_v2": "inception_resnet_v2"}


class Published:
    """Keras' network `name`, and the file of its weights in Keras' cache below `home`.

    The weights are random, so the table of digests is changed to that of the file.
    """

    def __init__(self, name, home, monkeypatch, size=None):
        monkeypatch.setenv("KERAS_HOME", str(home))
        listed = architectures.NETWORKS[name]
        self.name, self.size = name, size or max(64, listed.smallest)
        self.path = imagenet.cached(name)
        application = getattr(applications, listed.imagenet.application)
        shape = (self.size, self.size, 3)
        self.network = application(include_top=False, weights=None, input_shape=shape)
        _shake(self.network)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.network.save(self.path)
        set_digest(name, self.path, monkeypatch)

    def maps(self, patches):
        """What Keras' network makes of patches, its own scaling before it."""
        module = _SCALING.get(self.name)  # of the others it is inside
        if module is not None:
            patches = getattr(applications, module).preprocess_input(patches.copy())
        return np.asarray(self.network(patches, training=False))

    def patches(self):
        """Two of them, (2, S, S, 3) float32."""
        shape = (2, self.size, self.size, 3)
        return np.random.default_rng(1).uniform(0, 255, shape).astype(np.float32)


def set_digest(name, path, monkeypatch):
    """Let the table say that `path` is what Keras publishes."""
    listed = architectures.NETWORKS[name]
    kind = "md5" if len(listed.imagenet.digest) == 32 else "sha256"
    digest = hashlib.new(kind, path.read_bytes()).hexdigest()
    changed = replace(listed, imagenet=replace(listed.imagenet, digest=digest))
    monkeypatch.setitem(architectures.NETWORKS, name, changed)


def _shake(network):
    """Move all weights, so that no two that could be mistaken for one another are equal."""
    chance = np.random.default_rng(0)
    for weight in network.weights:
        value = np.asarray(weight)
        if "variance" in weight.path or "gamma" in weight.path:
            weight.assign(np.abs(value) + chance.uniform(0.02, 0.1, value.shape))
        else:
            weight.assign(value + chance.normal(0, 0.02, value.shape))
