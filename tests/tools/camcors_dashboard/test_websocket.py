"""A WebSocket of a route in /main.py, from pages in Chromium and from a plain client."""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.kit.camera import Camera
from tests.kit.pages import Site, allow

_MAIN = """\
from camcors import app
from microdot.websocket import with_websocket

@app.get('/echo')
@with_websocket
async def echo(request, ws):
    while True:
        await ws.send(await ws.receive())
"""

# What a page makes of a socket: each message that came back, then how it closed.
_TALK = """
([url, messages]) => new Promise((done) => {
  const socket = new WebSocket(url), got = [];
  socket.onopen = () => messages.forEach((each) => socket.send(each));
  socket.onmessage = (event) => { if (got.push(event.data) == messages.length) socket.close(1000); };
  socket.onclose = (event) => done([got, event.code, event.wasClean]);
})
"""

MESSAGES = ["hello", "ü€𝄞", "x" * 125, "x" * 126, "x" * 3000]  # Microdot passes over an empty one


@pytest.fixture(scope="module")
def echo(camera: Camera, site: Site) -> Camera:
    """The camera with the route, which allows the site on localhost."""
    camera.put("main.py", _MAIN)
    camera.reset()
    camera.wait_ready()
    allow(camera, site.origin())
    return camera


def talk(page: Page, camera: Camera) -> list[object]:
    return list(page.evaluate(_TALK, [f"ws://127.0.0.1:{camera.port}/echo", MESSAGES]))


def test_an_allowed_page_gets_its_messages_back(echo: Camera, site: Site, page: Page) -> None:
    page.goto(site.origin())
    assert talk(page, echo) == [MESSAGES, 1005, True]  # Microdot closes without a code


def test_the_cameras_own_page_gets_its_messages_back(echo: Camera, page: Page) -> None:
    page.goto(echo.url)
    assert talk(page, echo) == [MESSAGES, 1005, True]  # Microdot closes without a code


@pytest.mark.parametrize("host", ["evil.example", "localhost.example"])
def test_a_foreign_page_gets_none(echo: Camera, site: Site, page: Page, host: str) -> None:
    page.goto(site.origin(host))
    assert talk(page, echo) == [[], 1006, False]


@pytest.fixture
def line(echo: Camera) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", echo.port), timeout=10) as line:
        yield line


def test_a_client_without_an_origin_gets_its_message_back(echo: Camera, line: socket.socket) -> None:
    key = base64.b64encode(os.urandom(16)).decode()
    rows = ["GET /echo HTTP/1.1", f"Host: 127.0.0.1:{echo.port}", "Upgrade: websocket", "Connection: Upgrade"]
    rows += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""]
    line.sendall("\r\n".join(rows).encode())
    with line.makefile("rb") as answer:
        assert answer.readline() == b"HTTP/1.1 101 Switching Protocols\r\n"
        assert b"" not in iter(answer.readline, b"\r\n")
        line.sendall(b"\x81\x85\0\0\0\0hello")  # a text frame; a client masks, here with zeros
        assert answer.read(7) == b"\x81\x05hello"
        line.sendall(b"\x88\x80\0\0\0\0")
        assert answer.read(1) in (b"\x88", b"")
