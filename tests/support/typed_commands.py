"""Commands in this process, as a user types them."""

from __future__ import annotations

from click.testing import CliRunner


def typed(cli, *words):
    """What becomes of these words, which may be paths and numbers."""
    return CliRunner().invoke(cli, [str(word) for word in words])
