"""Training and inference run on any backend of Keras, with or without TensorFlow."""

from __future__ import annotations

import ast

import pytest
from project import ROOT

BACKENDS = {"tensorflow", "tf_keras", "jax", "torch"}
DOOR = ROOT / "layer2_train" / "distributed.py"  # Horovod joins TensorFlow's ranks alone
MODULES = sorted(
    path.relative_to(ROOT)
    for package in ("common", "layer2_train")
    for path in (ROOT / package).rglob("*.py")
    if path != DOOR
)


def imported(source):
    """Top-level names of everything a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def test_imports_are_seen_wherever_they_stand():
    source = "import os\ndef f():\n    from tensorflow.data import Dataset\n"

    assert set(imported(source)) == {"os", "tensorflow"}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_no_module_imports_a_backend(module):
    assert not BACKENDS & set(imported((ROOT / module).read_text()))
