from __future__ import annotations

import socket
import time

import pytest
from waiting import LIMIT_S

from layer2_train.links import Link


@pytest.fixture
def links():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = Link(socket.create_connection(listener.getsockname()))
        other = Link(listener.accept()[0])
    yield one, other
    one.close()
    other.close()


def soon():
    return time.monotonic() + LIMIT_S


def test_messages_come_one_at_a_time_in_their_order(links):
    one, other = links
    one.send(number=1)
    one.send(number=2, word="zwei")

    assert other.next(soon()) == {"number": 1}
    assert other.next(soon()) == {"number": 2, "word": "zwei"}
    assert not other.ended


def test_nothing_comes_in_vain(links):
    one, _ = links

    assert one.next(time.monotonic() + 0.05) is None
    assert one.arrived(0) == []
    assert not one.ended


def test_what_was_sent_before_the_end_arrives(links):
    one, other = links
    other.send(unread=True)
    one.send(last=True)
    one.finish()

    assert other.next(soon()) == {"last": True}
    assert other.next(soon()) is None
    assert other.ended


def test_what_is_not_of_ours_is_passed_over(links):
    one, other = links
    one._socket.sendall(b"GET / HTTP/1.1\r\n\xff\n[1]\n")
    one.send(number=1)

    assert other.next(soon()) == {"number": 1}


def test_sending_to_nobody_is_no_error(links):
    one, other = links
    other.close()

    for _ in range(3):
        one.send(number=1)
    assert one.addresses[0] == "127.0.0.1"
