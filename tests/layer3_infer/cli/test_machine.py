from __future__ import annotations

from functools import partial

from typed_commands import typed

from layer3_infer.cli import cli

invoke = partial(typed, cli)


def test_the_command_tells_at_once_where_the_network_is_left_out(tmp_path):
    lost = tmp_path / "none"

    well = invoke("doctor", "--quick", "--out", tmp_path)
    bad = invoke("doctor", "--quick", "--model", lost)
    empty = invoke("doctor", "--quick", "--model", tmp_path)

    assert well.exit_code == 0, well.output
    assert "network" not in well.stdout
    assert bad.exit_code == 2
    assert f"{lost} is not there" in bad.stdout
    assert empty.exit_code == 2
    assert "bundle.json" in empty.stdout
