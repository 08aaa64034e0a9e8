from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from waiting import LIMIT_S, until

from common.errors import PipelineError
from layer2_train.links import Link
from layer2_train.meeting import Member, Place, meet

LOCAL = {"lo": "127.0.0.1"}


def member(rank, machine="here"):
    return Member(rank, f"n{rank}", machine, cpus=(0, 1))


def place(folder, **changes):
    given = {"file": folder / ".ranks", "interfaces": LOCAL, "one_node": True, "timeout_s": 300.0}
    return Place(**given | changes)


def met(folder, size, machines=None, **changes):
    """A meeting of threads; rank 0 comes last."""
    machines = machines or ["here"] * size
    where = place(folder, **changes)
    with ThreadPoolExecutor(size) as pool:
        ranks = range(size - 1, -1, -1)
        found = [pool.submit(meet, member(r, machines[r]), size, where) for r in ranks]
        return [future.result() for future in reversed(found)]


def test_all_know_one_another_and_leave_no_file(tmp_path):
    meetings = met(tmp_path, 3)

    for rank, own in enumerate(meetings):
        assert own.me == member(rank)
        assert own.members == (member(0), member(1), member(2))
        assert (own.address, own.interface) == ("127.0.0.1", "lo")
    assert [sorted(own.links) for own in meetings] == [[1, 2], [0], [0]]
    assert list(tmp_path.iterdir()) == []
    for own in meetings:
        own.close()


def test_neighbours_are_those_of_one_machine(tmp_path):
    meetings = met(tmp_path, 3, ["a", "b", "a"])

    assert [m.rank for m in meetings[0].neighbours] == [0, 2]
    assert [m.rank for m in meetings[1].neighbours] == [1]
    for own in meetings:
        own.close()


def test_the_others_hear_what_the_first_says(tmp_path):
    first, second = met(tmp_path, 2)

    assert first.from_first(port=7) == {"port": 7}
    assert second.from_first() == {"port": 7}
    first.close()
    with pytest.raises(PipelineError, match="rank 0 on n0 ended while rank 1 on n1 was waiting"):
        second.from_first()
    second.close()


def test_a_file_of_an_earlier_launch_leads_nowhere_and_does_not_mislead(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    stale = {"token": "of before", "machine": "here", "port": port, "addresses": ["127.0.0.1"]}
    (tmp_path / ".ranks").write_text(json.dumps(stale))

    for own in met(tmp_path, 2):
        assert len(own.members) == 2
        own.close()


def test_somebody_without_the_token_is_not_let_in(tmp_path):
    where = place(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(meet, member(0), 2, where)
        until(where.file.exists)
        assert where.file.stat().st_mode & 0o077 == 0
        notice = json.loads(where.file.read_text())
        stranger = Link(socket.create_connection(("127.0.0.1", notice["port"])))
        stranger.send(token="guessed", member={"rank": 1, "host": "x", "machine": "x", "cpus": []})
        assert stranger.next(time.monotonic() + LIMIT_S) is None
        assert stranger.ended
        second = pool.submit(meet, member(1), 2, where)
        assert first.result().members == (member(0), member(1))
        second.result().close()
        first.result().close()
    stranger.close()


def test_ranks_that_do_not_come_are_named(tmp_path):
    with pytest.raises(PipelineError, match=r"rank 0 on n0: expected 3 ranks .* rank 1, 2"):
        meet(member(0), 3, place(tmp_path, timeout_s=0.2))
    assert list(tmp_path.iterdir()) == []


def test_a_rank_that_finds_nobody_says_where_it_looked(tmp_path):
    with pytest.raises(PipelineError, match=r"rank 1 on n1: .*\.ranks, found nobody"):
        meet(member(1), 2, place(tmp_path, timeout_s=0.3))
