# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven through the W3C WebDriver interface of ``chromedriver``."""

from __future__ import annotations

import base64
import http.client
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from process_tools import wait_until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name WebDriver gives element references


class Browser:
    """One session; `call` is any command of the interface, the rest are those used most."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._session = ""

    def start(self, profile: Path) -> None:
        options = {"binary": CHROMIUM, "args": [*FLAGS, f"--user-data-dir={profile}"]}
        wanted = {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        got = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{got['sessionId']}"

    def call(self, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            content = None if method == "GET" else json.dumps(body or {})
            connection.request(method, self._session + path, content)
            reply = connection.getresponse()
            value = json.loads(reply.read())["value"]
        finally:
            connection.close()
        assert reply.status == 200, value
        return value

    def open(self, url: str) -> None:
        self.call("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: object) -> Any:
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def element(self, selector: str) -> str:
        query = {"using": "css selector", "value": selector}
        return self.call("POST", "/element", query)[_ELEMENT]

    def elements(self, selector: str) -> list[str]:
        query = {"using": "css selector", "value": selector}
        return [found[_ELEMENT] for found in self.call("POST", "/elements", query)]

    def text(self, selector: str) -> str:
        return self.call("GET", f"/element/{self.element(selector)}/text")

    def texts(self, selector: str) -> list[str]:
        return [self.call("GET", f"/element/{found}/text") for found in self.elements(selector)]

    def shown(self, selector: str) -> bool:
        return self.call("GET", f"/element/{self.element(selector)}/displayed")

    def click(self, selector: str) -> None:
        self.call("POST", f"/element/{self.element(selector)}/click")

    def type(self, selector: str, text: str) -> None:
        self.call("POST", f"/element/{self.element(selector)}/value", {"text": text})

    def press(self, *keys: str) -> None:
        """Press keys one after the other, wherever the focus is."""
        steps = [{"type": kind, "value": k} for k in keys for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": steps}
        self.call("POST", "/actions", {"actions": [keyboard]})

    def devtools(self, command: str, **parameters: object) -> Any:
        body = {"cmd": command, "params": parameters}
        return self.call("POST", "/goog/cdp/execute", body)

    def resize(self, width: int, height: int) -> None:
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def log(self, kind: str) -> list[dict[str, Any]]:
        """Return the entries of a log since it was last asked for."""
        return self.call("POST", "/se/log", {"type": kind})

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("GET", "/screenshot")))


def requested(window: Browser) -> set[tuple[str, str]]:
    """Return scheme and host of all that the browser asked for since the last look."""
    messages = [json.loads(each["message"])["message"] for each in window.log("performance")]
    addresses = [
        urlsplit(each["params"]["request"]["url"])
        for each in messages
        if each["method"] == "Network.requestWillBeSent"
    ]
    return {(each.scheme, each.netloc) for each in addresses}


@contextmanager
def watched(window: Browser, base: str, width: int) -> Iterator[Browser]:
    """Make a window `width` pixels wide; after it, nothing failed and only `base` was asked."""
    window.resize(width, 900)
    window.log("browser")
    window.log("performance")
    yield window
    said = [
        entry["message"]
        for entry in window.log("browser")
        if entry["level"] == "SEVERE" and "status of 4" not in entry["message"]
    ]
    assert not said
    assert requested(window) <= {("http", urlsplit(base).netloc), ("blob", ""), ("data", "")}


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Run a browser with an empty profile while the block runs."""
    assert DRIVER is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    driver = subprocess.Popen(
        [DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    window = Browser(port)

    def answers() -> bool:
        try:
            return window.call("GET", "/status")["ready"]
        except OSError:
            return False

    try:
        wait_until(answers)
        window.start(profile)
        try:
            yield window
        finally:
            window.call("DELETE", "")
    finally:
        driver.terminate()
        driver.wait(20)
