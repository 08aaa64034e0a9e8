from __future__ import annotations

import socket
import threading

import pytest
from waiting import LIMIT_S, until

from layer2_train import roll_call
from layer2_train.links import Link
from layer2_train.meeting import Member
from layer2_train.roll_call import Progress, RollCall

TIMEOUT_S, LATE_S = 0.375, 0.375
BEAT_S = 0.0625


class Clock:
    """Time that passes for ranks when a test says so."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(roll_call, "time", clock)
    return clock


class Rank:
    """A rank that only answers the roll call, and remembers how it was ended."""

    def __init__(self, number, size, links):
        self.progress = Progress()
        self.beats = 0
        self.ends = []
        self.ended = threading.Event()
        members = tuple(Member(n, f"n{n}", "here") for n in range(size))
        self.links = links
        self.call = RollCall(
            members,
            number,
            links,
            timeout_s=TIMEOUT_S,
            late_s=LATE_S,
            progress=self.told,
            end=self.end,
        )

    def told(self):
        self.beats += 1
        return self.progress

    def end(self, message, status):
        self.ends.append((message, status))
        self.ended.set()

    def was_ended(self):
        assert self.ended.wait(LIMIT_S)
        return self.ends[0]


@pytest.fixture
def ranks(clock):
    """Makes as many ranks as asked for, joined to rank 0."""
    made = []

    def make(size):
        pairs = {}
        with socket.create_server(("127.0.0.1", 0)) as listener:
            for number in range(1, size):
                far = Link(socket.create_connection(listener.getsockname()))
                pairs[number] = (Link(listener.accept()[0]), far)
        first = Rank(0, size, {n: near for n, (near, _) in pairs.items()})
        rest = [Rank(n, size, {0: far}) for n, (_, far) in pairs.items()]
        made.extend([first, *rest])
        return made

    yield make
    for rank in made:
        rank.call._over.set()
        for link in rank.links.values():
            link.close()


def started(made):
    for rank in made:
        rank.call.start()
    return made


def pass_time(clock, made, beats):
    """Let so many beats pass; each rank speaks at each, unless it was ended."""
    for _ in range(beats):
        before = [rank.beats for rank in made]
        clock.now += BEAT_S
        until(
            lambda before=before: all(
                rank.beats > count or rank.ends for rank, count in zip(made, before, strict=True)
            )
        )


def test_a_rank_that_is_gone_ends_all_others_by_name(ranks):
    first, second, third = ranks(3)
    for rank in (first, second):
        rank.call.start()

    third.links[0].close()

    for rank in (first, second):
        message, status = rank.was_ended()
        assert "rank 2 on n2 ended without a word" in message
        assert status == 1


def test_rank_0_is_missed_too(ranks):
    first, second = ranks(2)
    second.call.start()

    first.links[1].close()

    assert "rank 1 on n1 ends: rank 0 on n0 ended without a word" in second.was_ended()[0]


def test_a_rank_that_says_nothing_is_given_up(ranks, clock):
    first, second, _silent = ranks(3)
    for rank in (first, second):
        rank.call.start()

    pass_time(clock, [first, second], 8)

    assert "rank 2 on n2 was not heard of for 0.375 s" in first.was_ended()[0]
    assert "rank 2 on n2" in second.was_ended()[0]


def test_a_rank_that_fails_hands_on_its_status(ranks):
    first, second, third = started(ranks(3))

    third.call.fail("a.h5 is damaged", 4)

    for rank in (first, second):
        message, status = rank.was_ended()
        assert message.endswith("rank 2 on n2 failed: a.h5 is damaged")
        assert status == 4
    assert not third.ends


def test_a_rank_that_leaves_is_not_missed(ranks, clock):
    first, second, third = started(ranks(3))

    second.call.leave()
    until(lambda: 1 not in first.call._links)
    pass_time(clock, [first, third], 12)

    assert not first.ends
    assert not third.ends


def test_waiting_for_a_rank_that_was_stopped_ends_with_its_status(ranks, clock):
    first, second = started(ranks(2))
    second.call.leave("stopped by SIGTERM", 75)
    until(lambda: not first.call._links)

    first.progress = Progress(begun=3, ended=2)
    pass_time(clock, [first], 4)

    message, status = first.was_ended()
    assert "rank 1 on n1 left while others wait for it: stopped by SIGTERM" in message
    assert status == 75


def test_a_rank_others_wait_for_too_long_ends_all_by_name(ranks, clock):
    made = started(ranks(3))

    for rank in made[:2]:
        rank.progress = Progress(begun=5, ended=4)
    made[2].progress = Progress(begun=4, ended=4)
    pass_time(clock, made, 9)

    for rank in made:
        assert "rank 2 on n2 is not ready" in rank.was_ended()[0]


def test_ranks_that_go_on_are_not_late(ranks, clock):
    made = started(ranks(2))

    for step in range(12):
        for rank in made:
            rank.progress = Progress(begun=step + 1, ended=step)
        pass_time(clock, made, 1)

    assert not made[0].ends
    assert not made[1].ends


def test_an_error_is_laid_to_a_rank_that_left(ranks):
    first, second = started(ranks(2))

    second.call.leave("stopped by SIGTERM", 75)
    until(lambda: not first.call._links)
    first.call.end_with_others(0.5)

    assert first.was_ended() == ("rank 0 on n0 ends: rank 1 on n1 left: stopped by SIGTERM", 75)


def test_an_error_is_laid_to_nobody_while_all_are_there(ranks):
    first, _ = started(ranks(2))

    first.call.end_with_others(0.1)

    assert not first.ends
