from __future__ import annotations

import os

import click
import pytest
from typed_commands import typed

from common.doctor.command import ANY_PATH, TRIED_OUT, result_of
from common.doctor.examination import Examination
from common.doctor.finding import failed


def test_an_examination_is_printed_and_ends_the_command_with_its_status():
    found = Examination("head", [failed("output", "full", "make room")])

    result = result_of(found)

    assert result.exit_status == 2
    assert result.text == found.text()
    assert result.data == found.data()


@pytest.mark.parametrize("option", ["--out", "--slides"])
def test_what_cannot_be_read_comes_to_the_doctor(tmp_path, monkeypatch, option):
    @click.command
    @TRIED_OUT
    @click.option("--slides", type=ANY_PATH)
    def look(out, slides):
        click.echo(out or slides)

    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    done = typed(look, option, tmp_path)

    assert done.exit_code == 0, done.output
    assert done.output.strip() == str(tmp_path)
