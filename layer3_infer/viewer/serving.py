"""The server: on the loopback interface alone, below a secret address.

Other users of a login node can reach its loopback interface, and any web page can send a browser
there: an address nobody can guess keeps the first out, the check of ``Host`` the second.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from common.cli import Result
from common.errors import ConfigError, Interrupted
from layer3_infer.viewer.answers import NOT_FOUND, Answer, Answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from layer3_infer.viewer.table import SlideTable

HOST: Final = "127.0.0.1"
_OWN: Final = re.compile(rf"(?:localhost|{re.escape(HOST)})(?::[0-9]{{1,5}})?", re.IGNORECASE)
_FORBIDDEN: Final = Answer(403, "text/plain; charset=utf-8", b"Open this as 127.0.0.1.\n")
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' data:; script-src 'self'; style-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_TIMEOUT_S: Final = 60
log = logging.getLogger(__name__)


def serve(table: SlideTable, port: int, announce: Callable[[str], None]) -> Result:
    """Serve until interrupted.

    Parameters
    ----------
    table : SlideTable
    port : int
        0 takes a free one.
    announce : callable
        Is given the address to open, once the server listens.

    Raises
    ------
    ConfigError
        If the port cannot be had.
    """
    with server_of(table, port) as server:
        try:
            announce(server.address)
            server.serve_forever()
        except (KeyboardInterrupt, Interrupted):  # being stopped is how this ends
            log.info("ended")
    return Result("", {"address": server.address})


def server_of(table: SlideTable, port: int = 0) -> Server:
    """A server that listens; see `serve`."""
    try:
        return Server(Answers(table), port)
    except OSError as error:
        raise ConfigError(
            f"--port: expected a port nobody listens on, found {port}: {error.strerror}. "
            "Give another, or none"
        ) from error


class Server(ThreadingHTTPServer):
    """Answers each request in a thread of its own."""

    daemon_threads = True

    def __init__(self, answers: Answers, port: int) -> None:
        self.answers = answers
        self.secret = secrets.token_urlsafe(16)
        super().__init__((HOST, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes on and drops what it asked for is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            log.error("unexpected error, asked by %s", client_address, exc_info=sys.exception())

    @property
    def address(self) -> str:
        """What to open."""
        return f"http://{HOST}:{self.server_port}/{self.secret}/"

    def answer(self, host: str, target: str) -> Answer:
        """The answer to a request for `target` that was sent to `host`."""
        if not _OWN.fullmatch(host):
            return _FORBIDDEN
        empty, *parts = target.partition("?")[0].split("/", 2)
        if empty or len(parts) != 2:
            return NOT_FOUND
        secret, rest = parts
        if not secrets.compare_digest(secret.encode(), self.secret.encode()):
            return NOT_FOUND
        return self.answers.to(rest)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "camnet"
    sys_version = ""
    timeout = _TIMEOUT_S

    def do_GET(self) -> None:
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        self._send(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)

    def _send(self, *, with_body: bool) -> None:
        server = self.server
        assert isinstance(server, Server)
        answer = server.answer(self.headers.get("Host", ""), self.path)
        self.send_response(answer.status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)
