"""Every command answers at once, says what it takes, and is documented."""

from __future__ import annotations

import subprocess
import sys

import pytest
from command_reference import LAYERS, commands, reference
from project import ROOT

HEAVY = ("tensorflow", "keras", "torch", "jax", "h5py", "cv2", "openslide", "numpy", "pydantic")
VERBS = [(module, verb) for module, group in LAYERS.items() for verb in ["", *commands(group)]]


@pytest.mark.parametrize(("module", "verb"), VERBS)
def test_help_is_told_without_heavy_imports(module, verb):
    code = f"""
import sys
from click.testing import CliRunner
from {module}.cli import cli
said = CliRunner().invoke(cli, {[*verb.split(), "--help"]})
assert said.exit_code == 0, said.output
print([name for name in {HEAVY} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("module", "verb"), VERBS)
def test_every_option_and_verb_says_what_it_does(module, verb):
    command = commands(LAYERS[module])[verb] if verb else LAYERS[module]

    assert command.help
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert getattr(parameter, "help", None), f"{verb} {parameter.name}"


def test_the_command_reference_is_that_of_the_commands():
    written = (ROOT / "docs" / "commands.md").read_text()

    assert written == reference(), "docs/commands.md is out of date: run make docs"


@pytest.mark.parametrize("module", LAYERS)
def test_each_layer_runs_as_a_module(module):
    done = subprocess.run(
        [sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("camnet ")
