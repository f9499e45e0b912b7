"""A page in a real browser, to click and type in.

It controls Chromium through a pipe, with the DevTools protocol.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.chromium import FLAGS

TIMEOUT_SECONDS = 30.0  # seconds; only a failing test waits for all of it
# The browser reads orders from descriptor 3 and answers on 4.
_START = """
import fcntl, os, sys
orders, answers = (fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3])
os.dup2(orders, 3)
os.dup2(answers, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
_KEYS = {
    "ArrowDown": 40,
    "ArrowUp": 38,
    "ArrowLeft": 37,
    "ArrowRight": 39,
    "Tab": 9,
    "Escape": 27,
    "Enter": 13,
}


class Tab:
    """The only page of a browser."""

    def __init__(self, orders: int, answers: int) -> None:
        self._orders = orders
        self._answers = answers
        self._number = 0
        self._unread = b""
        self._session = ""
        self.errors: list[str] = []
        target = self._order("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._order("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log"):
            self._order(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Open a URL and wait until it has loaded."""
        self._order("Page.navigate", url=url)
        while self._message().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression in the page."""
        answer = self._order(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, script: str) -> None:
        """Wait until an expression is true."""
        look = (
            f"const look = () => {{ if ({script}) done(true); else setTimeout(look, 10) }}; look()"
        )
        assert self.evaluate(f"new Promise(done => {{ {look} }})"), script

    def click(self, selector: str) -> None:
        """Scroll to an element and click in its middle."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.evaluate(f"{found}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
        x, y = self.evaluate(
            f"(b => [b.x + b.width / 2, b.y + b.height / 2])({found}.getBoundingClientRect())"
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self._order(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            more: dict[str, Any] = (
                {"windowsVirtualKeyCode": _KEYS[key]} if key in _KEYS else {"text": key}
            )
            self._order("Input.dispatchKeyEvent", type="keyDown", key=key, **more)
            self._order("Input.dispatchKeyEvent", type="keyUp", key=key)

    def resize(self, width: int, height: int, *, dark: bool = False) -> None:
        """Set the size of the page and the colour scheme."""
        self._order(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._order("Emulation.setEmulatedMedia", features=[scheme])

    def screenshot(self) -> bytes:
        """Return a screenshot as PNG."""
        return base64.b64decode(self._order("Page.captureScreenshot", format="png")["data"])

    def _order(self, method: str, **params: object) -> dict[str, Any]:
        self._number += 1
        order: dict[str, object] = {"id": self._number, "method": method, "params": params}
        if self._session:
            order["sessionId"] = self._session
        os.write(self._orders, json.dumps(order).encode() + b"\0")
        while (message := self._message()).get("id") != self._number:
            pass
        assert "error" not in message, f"{method}: {message.get('error')}"
        result: dict[str, Any] = message["result"]
        return result

    def _message(self) -> Mapping[str, Any]:
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._answers], [], [], TIMEOUT_SECONDS)
            assert ready, "the browser says nothing"
            more = os.read(self._answers, 1 << 20)
            assert more, "the browser has ended"
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        if message.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
            self.errors.append(json.dumps(message["params"]))
        return message


@contextmanager
def open_tab(*flags: str) -> Iterator[Tab]:
    """Open a browser with an empty page. Skip the calling test if there is no Chromium."""
    chromium = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if chromium is None:
        pytest.skip("no Chromium here: install it to see the pages in a real browser")
    theirs_in, orders = os.pipe()
    answers, theirs_out = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            chromium,
            *FLAGS,
            *flags,
            f"--user-data-dir={profile}",
            "--remote-debugging-pipe",
        ]
        start = [sys.executable, "-c", _START, str(theirs_in), str(theirs_out), *command]
        browser = subprocess.Popen(  # noqa: S603 -- our own words
            start,
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            os.close(theirs_in)
            os.close(theirs_out)
            yield Tab(orders, answers)
        finally:
            os.close(orders)  # the browser ends when the pipe closes
            browser.terminate()
            browser.wait(TIMEOUT_SECONDS)
            os.close(answers)
