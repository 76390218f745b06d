"""A headless Chromium, driven through the pipe of its DevTools protocol, without any library."""

import base64
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import orjson

NAMES = ("chromium", "chromium-browser", "google-chrome")
PROGRAM = next((found for name in NAMES if (found := shutil.which(name))), None)
MISSING = "Chromium is not installed; CONTRIBUTING.md says how"
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--no-first-run", "--disable-background-networking", "--disable-extensions", "--remote-debugging-pipe"),
)
ZERO = b"\0"
MAX_SECONDS = 300.0


@dataclass
class Browser:
    """A page in Chromium. What it logged and requested since it was opened is in *problems* and *requests*."""

    sent: BinaryIO
    received: BinaryIO
    session: str = ""
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    _calls: int = 0

    def open(self, path: Path) -> None:
        """Open a page of the disk, and wait until all its charts are drawn."""
        self.problems.clear()
        self.requests.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.evaluate("""new Promise((resolve, reject) => {
            const check = () => document.documentElement?.dataset.drawn === "" ? resolve() : setTimeout(check, 20);
            check();
            setTimeout(() => reject("the charts are not drawn"), 30_000);
        })""")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript *expression*, after its promise."""
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, (result, self.problems)
        return result["result"].get("value")

    def resize(self, width: int, height: int) -> None:
        """Set the size of the window in pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def emulate(self, *, media: str = "", scheme: str = "light") -> None:
        """Show the page as on another medium, such as print, and in a colour scheme."""
        self.call(
            "Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}]
        )

    def screenshot(self, *, complete: bool = False) -> bytes:
        """The window, or the *complete* page, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=complete)["data"])

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])

    def press(self, key: str) -> None:
        """Press and release a *key*, such as Tab or Enter."""
        code = {"Tab": 9, "Enter": 13, " ": 32}[key]
        text = {"text": "\r"} if key == "Enter" else {"text": key} if key == " " else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a *method* of the protocol, and return its result."""
        self._calls += 1
        message: dict[str, Any] = {"id": self._calls, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.sent.write(orjson.dumps(message) + ZERO)
        self.sent.flush()
        while (received := self._receive()).get("id") != self._calls:
            self._observe(received.get("method", ""), received.get("params", {}))
        assert "error" not in received, received
        result: dict[str, Any] = received["result"]
        return result

    def _receive(self) -> dict[str, Any]:
        parts = bytearray()
        while (byte := self.received.read(1)) != ZERO:
            assert byte, "Chromium ended"
            parts += byte
        message: dict[str, Any] = orjson.loads(parts)
        return message

    def _observe(self, method: str, parameters: Mapping[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method in {"Runtime.exceptionThrown", "Log.entryAdded"} or parameters.get("type") == "error":
            self.problems.append(f"{method}: {parameters}")


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Start Chromium with a profile in *folder*; yields a window with an empty page."""
    assert PROGRAM, MISSING
    (to_read, to_write), (from_read, from_write) = os.pipe(), os.pipe()
    # Chromium reads from descriptor 3 and writes to descriptor 4.
    command = f'exec "$0" "$@" 3<&{to_read} 4>&{from_write}'
    process = subprocess.Popen(
        ["bash", "-c", command, PROGRAM, *OPTIONS, f"--user-data-dir={folder}", "about:blank"],
        pass_fds=(to_read, from_write),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_read)
    os.close(from_write)
    # A browser that does not respond must not stop the tests.
    watchdog = threading.Timer(MAX_SECONDS, process.kill)
    watchdog.start()
    with os.fdopen(to_write, "wb") as sent, os.fdopen(from_read, "rb") as received:
        browser = Browser(sent, received)
        try:
            target = browser.call("Target.createTarget", url="about:blank")["targetId"]
            browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Network", "Log"):
                browser.call(f"{domain}.enable")
            browser.resize(1280, 900)
            yield browser
            browser.session = ""
            browser.call("Browser.close")
        finally:
            watchdog.cancel()
            process.kill()
            process.wait()
