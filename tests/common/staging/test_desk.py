from __future__ import annotations

import pytest

from common.staging.desk import Desk, brought


def test_without_a_desk_files_are_written_in_place(tmp_path):
    with brought(tmp_path / "a.h5", None) as local:
        assert local == tmp_path / "a.h5"


def write_half_then_die(path, desk):
    with brought(path, desk) as local:
        local.write_text("half")
        raise RuntimeError("killed")


def test_a_result_on_the_desk_is_gone_when_it_is_brought_or_failed(tmp_path):
    desk = tmp_path / "desk"
    desk.mkdir()
    with brought(tmp_path / "a.h5", Desk(desk)) as local:
        local.write_text("result")
    with pytest.raises(RuntimeError, match="killed"):
        write_half_then_die(tmp_path / "b.h5", Desk(desk))

    assert (tmp_path / "a.h5").read_text() == "result"
    assert not (tmp_path / "b.h5").exists()
    assert list(desk.iterdir()) == []
