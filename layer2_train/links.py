"""Connections between ranks, over which small messages pass, one JSON object to a line."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from typing import Any, Final

_LONGEST: Final = 1 << 20
_CHUNK: Final = 1 << 16


class Link:
    """A connection to another rank; any thread may send, one receives.

    Parameters
    ----------
    connection : socket.socket
        Connected, over TCP.

    Attributes
    ----------
    addresses : tuple of str
        IP addresses of this end and of the other.
    ended : bool
        Whether no more can come.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self.addresses = connection.getsockname()[0], connection.getpeername()[0]
        self._sending = threading.Lock()
        self._begun = b""  # of a message whose end has not come yet
        self._whole: list[dict[str, Any]] = []
        self.ended = False

    def fileno(self) -> int:
        """For `select`."""
        return self._socket.fileno()

    def send(self, **message: Any) -> None:
        """Send a message; one that cannot arrive is lost, as the other end's silence will tell."""
        line = json.dumps(message).encode() + b"\n"
        with self._sending, contextlib.suppress(OSError):
            self._socket.sendall(line)

    def arrived(self, timeout_s: float) -> list[dict[str, Any]]:
        """Messages that came, as soon as there are any; sets `ended` when no more can come."""
        if not self._whole:
            self._receive(timeout_s)
        messages, self._whole = self._whole, []
        return messages

    def _receive(self, timeout_s: float) -> None:
        try:
            self._socket.settimeout(max(timeout_s, 1e-3))
            data = self._socket.recv(_CHUNK)
        except TimeoutError:
            return
        except OSError:  # the other end was torn down
            data = b""
        self.ended = not data or len(self._begun) > _LONGEST
        *whole, self._begun = (self._begun + data).split(b"\n")
        self._whole += [message for line in whole if (message := _message(line)) is not None]

    def next(self, until: float) -> dict[str, Any] | None:
        """The next message before `until`, of `time.monotonic`; None when there is none."""
        while not self._whole and not self.ended and (left := until - time.monotonic()) > 0:
            self._receive(left)
        return self._whole.pop(0) if self._whole else None

    def finish(self) -> None:
        """Say that nothing more will come, and let what was sent arrive before closing.

        A connection that is closed with something unread throws away what is on its way.
        """
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        until = time.monotonic() + 1.0
        while not self.ended and time.monotonic() < until:
            self._receive(until - time.monotonic())
        self.close()

    def close(self) -> None:
        """Close the connection at once."""
        self._socket.close()


def _message(line: bytes) -> dict[str, Any] | None:
    """What a line says; None where it is not of ours."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None
