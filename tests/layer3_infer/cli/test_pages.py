from __future__ import annotations

import json
import webbrowser
from functools import partial

import pytest
from typed_commands import typed

from common.cli import Result
from layer3_infer.cli import cli
from layer3_infer.viewer import serving

invoke = partial(typed, cli)


def test_a_page_without_names_and_the_key_to_them(finished, tmp_path):
    page, key = tmp_path / "page.html", tmp_path / "key.csv"

    said = invoke("report", finished, "--out", page, "--anonymise", "--key", key, "--json")

    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)["bytes"] == page.stat().st_size
    assert "green" in key.read_text()
    assert "green" not in page.read_text()


@pytest.mark.parametrize("words", [(), ("--open",)])
def test_the_viewer_tells_its_address_and_opens_a_browser_only_if_asked(
    finished, monkeypatch, words
):
    def serve(_table, port, announce):
        announce(f"http://127.0.0.1:{port}/")
        return Result("ended")

    opened = []
    monkeypatch.setattr(serving, "serve", serve)
    monkeypatch.setattr(webbrowser, "open", opened.append)

    said = invoke("view", finished, "--port", 8080, *words)

    assert said.stdout == "http://127.0.0.1:8080/\nCtrl-C ends it\nended\n"
    assert opened == ["http://127.0.0.1:8080/"] * len(words)
