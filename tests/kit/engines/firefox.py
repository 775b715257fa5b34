"""Firefox over WebDriver BiDi, which it speaks by itself, with Selenium's connection."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.remote.websocket_connection import WebSocketConnection

from tests.kit.pages import wait_until

_ENTER = "\ue007"


class Firefox:
    """One running Firefox, headless. preferences: those that differ from a person's."""

    def __init__(self, profile: Path, preferences: Mapping[str, object] | None = None):
        program = shutil.which("firefox-esr") or shutil.which("firefox")
        if program is None:
            pytest.fail("Firefox is missing; install it with: sudo apt install firefox-esr")
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});"
            for name, value in (preferences or {}).items()
        ]
        (profile / "user.js").write_text("\n".join(lines))
        command = [program, "--headless", "--no-remote", "--profile", str(profile)]
        with open(profile / "output", "wb") as output:
            self._process = subprocess.Popen(
                [*command, "--remote-debugging-port", "0"], stdout=output, stderr=output
            )
        self._output = profile / "output"
        self._connection: WebSocketConnection | None = None
        try:
            url = wait_until(self._address, 90)
            self._connection = WebSocketConnection(f"{url}/session", 60, 0.01)
            self("session.new", capabilities={})
        except BaseException:
            self.close()
            raise

    def _address(self) -> str | None:
        assert self._process.poll() is None, self._output.read_text(errors="replace")
        for line in self._output.read_text(errors="replace").splitlines():
            if "WebDriver BiDi listening on " in line:
                return line.split()[-1]
        return None

    def __call__(self, method: str, **params: Any) -> dict[str, Any]:
        """Run a command of WebDriver BiDi. Return its result."""
        assert self._connection is not None
        answer = self._connection.send_cmd(method, params)
        assert "result" in answer, answer
        return answer["result"]

    def close(self) -> None:
        self._process.kill()
        self._process.wait(timeout=10)
        if self._connection is not None:
            self._connection.close()  # it would wait for an answer of one that still runs

    @contextlib.contextmanager
    def new_tab(self) -> Iterator[FirefoxTab]:
        user = self("browser.createUserContext")["userContext"]
        tab = self("browsingContext.create", type="tab", userContext=user)["context"]
        self("browsingContext.setViewport", context=tab, viewport={"width": 1280, "height": 860})
        yield FirefoxTab(self, tab, user)
        self("browser.removeUserContext", userContext=user)


class FirefoxTab:
    def __init__(self, firefox: Firefox, context: str, user: str):
        self._firefox = firefox
        self._context = context
        self._user = user

    def open(self, url: str) -> None:
        self._firefox("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def run(self, script: str) -> Any:
        done = self._firefox(
            "script.callFunction",
            functionDeclaration=f"async () => JSON.stringify(await (async () => {{{script}}})() ?? null)",
            awaitPromise=True,
            target={"context": self._context},
            userActivation=False,
        )
        assert done["type"] == "success", done
        return json.loads(done["result"]["value"])

    def permit(self, name: str, state: str, origin: str) -> None:
        """Answer for the person, once and for all: "granted", "denied", or "prompt" for not yet."""
        self._firefox(
            "permissions.setPermission",
            descriptor={"name": name},
            state=state,
            origin=origin,
            userContext=self._user,
        )

    def click(self, selector: str) -> None:
        locator = {"type": "css", "value": selector}
        nodes = self._firefox("browsingContext.locateNodes", context=self._context, locator=locator)["nodes"]
        assert nodes, f"nothing is {selector}"
        element = {"sharedId": nodes[0]["sharedId"]}
        move = {"type": "pointerMove", "x": 0, "y": 0, "origin": {"type": "element", "element": element}}
        press = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self._act({"type": "pointer", "id": "mouse", "actions": [move, *press]})

    def type(self, text: str) -> None:
        keys = text.replace("\n", _ENTER)
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keyboard", "actions": actions})

    def _act(self, source: dict[str, Any]) -> None:
        self._firefox("input.performActions", context=self._context, actions=[source])

    def screenshot(self) -> bytes:
        return base64.b64decode(
            self._firefox("browsingContext.captureScreenshot", context=self._context)["data"]
        )
