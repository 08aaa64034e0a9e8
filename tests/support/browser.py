"""A headless Chromium, spoken to through a pipe (its DevTools protocol); no port is opened."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import cv2
import numpy as np

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium():
    """Path of a Chromium, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """One page of a browser that was started for it.

    `requests` are the addresses it asked for, `problems` what its console and its policies said.
    """

    def __init__(self, program, profile: Path, limit=300.0):
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        self._limit, self._number, self._rest = limit, 0, b""
        self.requests, self.problems = [], []
        os.set_blocking(self._in, False)

        # Chromium reads from file descriptor 3 and writes to 4
        command = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
        self._process = subprocess.Popen(
            ["bash", "-c", command, program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._session = None
        target = self._wait_for_page()
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method, **parameters):
        """Send a command and give its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        number = self._number
        deadline = time.monotonic() + self._limit
        while time.monotonic() < deadline:
            for found in self._messages():
                if found.get("id") == number:
                    assert "error" not in found, found
                    return found["result"]
        raise TimeoutError(method)

    def open(self, address, width=1280, height=900, touch=False):
        """Go to an address, at a size of the window, and wait for the scripts of the page."""
        self.requests.clear()
        self.problems.clear()
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=touch,
        )
        self.run("window.left = true")  # while the page before is still there
        self.ask("Page.navigate", url=str(address))
        self.until("document.readyState === 'complete' && !window.left")

    def run(self, code):
        """The value of an expression on the page."""
        found = self.ask("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, code):
        """Wait for an expression to be true."""
        deadline = time.monotonic() + self._limit
        while not self.run(code):
            assert time.monotonic() < deadline, f"never true: {code}"
            time.sleep(0.05)

    def drawn(self):
        """Wait for the viewer to have drawn everything it shows."""
        self.until("document.getElementById('viewer')?.dataset.status === 'drawn'")

    def press(self, key):
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=key)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key)

    def picture(self, whole=False, box=None):
        """(H, W, 3) uint8 RGB of what is seen, of the whole page, or of a box in the window."""
        clip = {} if box is None else {"clip": {**box, "scale": 1}}
        found = self.ask(
            "Page.captureScreenshot", format="png", captureBeyondViewport=whole, **clip
        )
        data = np.frombuffer(base64.b64decode(found["data"]), np.uint8)
        return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]

    def close(self):
        with contextlib.suppress(TimeoutError, OSError, AssertionError):
            self._session = None
            self._limit = 5.0
            self.ask("Browser.close")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def _wait_for_page(self):
        deadline = time.monotonic() + self._limit
        while time.monotonic() < deadline:
            targets = self.ask("Target.getTargets")["targetInfos"]
            pages = [one["targetId"] for one in targets if one["type"] == "page"]
            if pages:
                return pages[0]
            time.sleep(0.1)
        raise TimeoutError("no page")

    def _messages(self):
        try:
            data = os.read(self._in, 1 << 20)
        except BlockingIOError:
            time.sleep(0.005)
            return []
        *whole, self._rest = (self._rest + data).split(b"\0")
        found = [json.loads(one) for one in whole]
        for message in found:
            self._hear(message.get("method"), message.get("params", {}))
        return found

    def _hear(self, method, said):
        if method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.problems.append(str(said["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.problems.append(said["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and said["type"] in {"error", "warning"}:
            self.problems.append(str(said["args"]))
