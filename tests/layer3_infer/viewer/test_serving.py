from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from common.errors import ConfigError
from layer3_infer.config import ViewSettings
from layer3_infer.viewer.serving import HOST, server_of
from layer3_infer.viewer.table import SlideTable


@pytest.fixture(scope="module")
def server(finished, cohort_csv):
    with server_of(SlideTable.of(finished, cohort_csv, ViewSettings())) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server, path, host=None, method="GET"):
    connection = http.client.HTTPConnection(HOST, server.server_port, timeout=300)
    headers = {} if host is None else {"Host": host}
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_listens_on_the_loopback_interface_alone(server):
    assert server.server_address[0] == "127.0.0.1"
    assert server.address.startswith(f"http://127.0.0.1:{server.server_port}/")


def test_answers_below_its_secret_address_alone(server):
    assert ask(server, f"/{server.secret}/")[0].status == 200
    assert ask(server, f"/{server.secret}/1/?a=b")[0].status == 200
    for path in ("/", "/1/", "/viewer.js", f"/{server.secret}x/", f"/{server.secret}", "//", "*"):
        assert ask(server, path)[0].status == 404


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "127.0.0.1.evil.example", "10.0.0.1:80", "[::1]", "[::1", "", "localhost:",
        "evil.example@127.0.0.1", "127.0.0.1:80@evil.example", "127.0.0.1/", "127.0.0.1:x",
    ],
)  # fmt: skip
def test_a_page_elsewhere_cannot_reach_it_under_a_name_of_its_own(server, host):
    answer, body = ask(server, f"/{server.secret}/", host)

    assert answer.status == 403
    assert b"green" not in body


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1234", "LOCALHOST:80"])
def test_this_machine_is_known_by_its_names(server, host):
    assert ask(server, f"/{server.secret}/", host)[0].status == 200


def test_nothing_may_be_sent(server):
    for method in ("POST", "PUT", "DELETE"):
        assert ask(server, f"/{server.secret}/", method=method)[0].status == 501


def test_a_head_has_no_body_and_every_answer_its_guards(server):
    answer, body = ask(server, f"/{server.secret}/1/slide_files/10/0_0.jpg", method="HEAD")

    assert (answer.status, body) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 100
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_browser_that_goes_away_is_no_error(server, caplog):
    with socket.create_connection((HOST, server.server_port)) as connection:
        option = (1).to_bytes(4, sys.byteorder) + bytes(4)  # close with a reset
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
        connection.sendall(f"GET /{server.secret}/ HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    assert ask(server, f"/{server.secret}/")[0].status == 200
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_port_that_is_taken_is_told(server):
    with pytest.raises(ConfigError, match="expected a port nobody listens on"):
        server_of(server.answers.table, server.server_port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_its_address_and_ends_well_when_it_is_stopped(finished, number):
    command = [sys.executable, "-m", "layer3_infer", "view", str(finished)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )

    with process:
        address = process.stdout.readline()
        os.kill(process.pid, number)
        _, said = process.communicate()

    assert address.startswith("http://127.0.0.1:")
    assert process.returncode == 0, said
