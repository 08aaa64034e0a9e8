from __future__ import annotations

from layer1_extract.cli import cli

VERBS = "check convert doctor export extract import lock merge phantom plan scan status verify"


def test_the_program_has_the_verbs_of_every_module():
    assert sorted(cli.commands) == VERBS.split()
