"""Chromium without a window, spoken to in its own protocol through two pipes; nothing else is needed.

What a page says to the console, what it throws and what it asks the network for is kept, so that tests can find none.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE_S = 120


def find_browser() -> str | None:
    """The program, where one is installed."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


class Page:
    """One tab. `errors` are words on the console and exceptions, `requests` addresses other than the page's own."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._loaded = False
        browser.listeners.append(self._take)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def open(self, path: Path) -> Page:
        self._loaded = False
        self.call("Page.navigate", url=path.resolve().as_uri())
        self._browser.until(lambda: self._loaded)
        self.settle()
        return self

    def run(self, script: str) -> Any:
        """The value of an expression in the page; raises what it throws."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def settle(self) -> None:
        """Wait until all images are there and drawn."""
        self.run(
            "Promise.all([...document.images].map((one) => one.decode().catch(() => 0)))"
            ".then(() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => done(1)), 150)))"
        )

    def size(self, width: int, height: int = 900, scale: float = 1) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )

    def scheme(self, name: str) -> None:
        """Prefer light or dark."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def click(self, selector: str) -> None:
        """With the mouse, where the element is."""
        x, y = self.middle_of(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def follow(self, selector: str) -> None:
        """Click a link, and wait until its page is there."""
        self._loaded = False
        self.click(selector)
        self._browser.until(lambda: self._loaded)
        self.settle()

    def wheel(self, selector: str, by: int) -> None:
        x, y = self.middle_of(selector)
        self.call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=by)

    def press(self, key: str, code: int = 0) -> None:
        letters = {"text": key} if len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            extra = letters if kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **extra)

    def middle_of(self, selector: str) -> tuple[float, float]:
        found = self.run(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            "one.scrollIntoView({block: 'center'}); const box = one.getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        return found[0], found[1]

    def screenshot(self, path: Path, whole: bool = True) -> Path:
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))
        return path

    def whole_height(self) -> int:
        return int(self.run("Math.ceil(document.documentElement.scrollHeight)"))

    def pdf(self, path: Path) -> Path:
        made = self.call(
            "Page.printToPDF", printBackground=False, preferCSSPageSize=True, paperWidth=8.27, paperHeight=11.69
        )
        path.write_bytes(base64.b64decode(made["data"]))
        return path

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("sessionId") != self._session:
            return
        told = message.get("params", {})
        match message.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Runtime.exceptionThrown":
                self.errors.append(json.dumps(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.errors.append(json.dumps(told["args"]))
            case "Log.entryAdded":
                self.errors.append(told["entry"]["text"])
            case "Network.requestWillBeSent":
                address = told["request"]["url"]
                if not address.startswith(("file:", "data:")):
                    self.requests.append(address)


class Browser:
    """A process of Chromium that has no network."""

    def __init__(self, program: str, folder: Path) -> None:
        ours, theirs = os.pipe(), os.pipe()  # they read from the first, we from the second
        command = [
            program, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-dev-shm-usage", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND",
            "--proxy-server=127.0.0.1:9", f"--user-data-dir={folder / 'profile'}",
        ]  # fmt: skip
        script = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'  # the protocol is spoken over these two numbers
        self._process = subprocess.Popen(
            ["bash", "-c", script, "bash", str(ours[0]), str(theirs[1]), *command],
            pass_fds=(ours[0], theirs[1]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"HOME": str(folder)},
        )  # fmt: skip
        os.close(ours[0])
        os.close(theirs[1])
        self._in, self._out = os.fdopen(ours[1], "wb", 0), theirs[0]
        self._rest, self._number = b"", 0
        self._answers: dict[int, dict[str, Any]] = {}
        self.listeners: list[Any] = []

    def page(self) -> Page:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        return Page(self, self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        self._in.write(json.dumps(message).encode() + b"\0")
        self.until(lambda: number in self._answers)
        answer = self._answers.pop(number)
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def until(self, reached: Any) -> None:
        """Take what comes until something has been reached."""
        end = time.monotonic() + PATIENCE_S
        while not reached():
            assert time.monotonic() < end, "the browser does not answer"
            self._read()

    def close(self) -> None:
        self._in.close()  # it ends when its pipe does
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._out)

    def _read(self) -> None:
        if not select.select([self._out], [], [], 1.0)[0]:
            assert self._process.poll() is None, "the browser has ended"
            return
        content = os.read(self._out, 2**20)
        assert content, "the browser has ended"
        *whole, self._rest = (self._rest + content).split(b"\0")
        for one in whole:
            message = json.loads(one)
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                for listener in self.listeners:
                    listener(message)


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser that is gone at the end."""
    program = find_browser()
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as folder:
        started = Browser(program, Path(folder))
        try:
            yield started
        finally:
            started.close()
