"""Documents lead somewhere, and configurations are what they say."""

from __future__ import annotations

import importlib
import re
import shlex

import pytest
from command_reference import LAYERS
from project import ROOT

from common.config import load

SKIPPED = {".venv", "demo", ".git"}
DOCUMENTS = sorted(
    path.relative_to(ROOT)
    for path in ROOT.rglob("*.md")
    if not SKIPPED & set(path.relative_to(ROOT).parts)
)
CONFIGS = sorted(path.relative_to(ROOT) for path in (ROOT / "configs").rglob("*.yaml"))
VERBS = {group.name: group for group in LAYERS.values()}


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_relative_link_leads_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / document).read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (ROOT / document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_command_in_a_document_is_a_command(document):
    blocks = re.findall(r"```(?:sh|bash|console)\n(.*?)```", (ROOT / document).read_text(), re.S)
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0] in VERBS and len(words) > 1 and not words[1].startswith("-"):
            assert_known(words)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_every_configuration_opens_with_command_duration_and_result(config):
    command, duration, result = (ROOT / config).read_text().splitlines()[:3]

    words = shlex.split(command.removeprefix("# "))
    assert command.startswith("# ")
    assert words[0] in VERBS
    assert str(config) in words
    assert_known(words)
    assert re.search(r"\d", duration), "the second line says how long it takes, on what"
    assert result.startswith("# ")


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_every_configuration_is_accepted_by_its_command(config):
    words = shlex.split((ROOT / config).read_text().splitlines()[0].removeprefix("# "))
    kind = settings_of(VERBS[words[0]], words[1])

    assert load(kind, ROOT / config) is not None


def assert_known(words):
    group = VERBS[words[0]]
    assert words[1] in group.commands, words
    known = {name for p in group.commands[words[1]].params for name in (*p.opts, *p.secondary_opts)}
    given = {word.split("=")[0] for word in words[2:] if word.startswith("--")}
    assert given <= known | {"--help"}, words


def settings_of(group, verb):
    module, _, kind = group.commands[verb].settings.partition(":")
    return getattr(importlib.import_module(module), kind)
