"""Ctrl-D while the camera serves: the server ends first, and comes back with the next start.

mpremote begins with it unless it is told `resume`.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.kit.camera import Camera, is_socket

LEFT_OPEN = "camcors: sockets open at the soft reset"
CUT_OFF = (
    "the server did not end in time and was cut off; "
    "a connection may be lost until a reset by camcors reset or the button"
)

# Handlers that hold the server: one waits for its client, one never gives way.
HANDLERS = """
import time
from camcors import app

@app.get("/holds")
def holds(request):
    time.sleep(60)

@app.get("/waits")
async def waits(request):
    await request.sock[1].awrite(b"HTTP/1.1 102 Processing\\r\\n\\r\\n")
    await request.sock[0].read(1)
"""


class Clients:
    """Viewers and others that stay; `ended` counts those whose connection has been closed."""

    def __init__(self, camera: Camera, paths: list[str]):
        self.ended = 0
        self._sockets = [socket.create_connection(("127.0.0.1", camera.port)) for _ in paths]
        for each, path in zip(self._sockets, paths, strict=True):
            each.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() if path else b"GET /")
            if path.startswith(("/api", "/waits")):
                assert each.recv(100)
        self._threads = [threading.Thread(target=self._read, args=(each,)) for each in self._sockets]
        for thread in self._threads:
            thread.start()

    def _read(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while client.recv(65536):
                pass
        self.ended += 1

    def wait_ended(self) -> int:
        for thread in self._threads:
            thread.join(timeout=10)
        return self.ended

    def close(self) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self.wait_ended()
        for each in self._sockets:
            each.close()


MANY = ["/api/stream?fps=20"] * 3 + ["/api/status", ""]


def sockets(camera: Camera) -> int:
    return sum(map(is_socket, Path(f"/proc/{camera.process.pid}/fd").iterdir()))


def threads(camera: Camera) -> int:
    return len(os.listdir(f"/proc/{camera.process.pid}/task"))


def test_the_end_leaves_no_socket_and_no_thread(new_camera: Camera) -> None:
    """What a soft reset calls first, without the reset: slow, quiet and watching clients."""
    new_camera.put("main.py", HANDLERS)
    new_camera.reset()
    new_camera.wait_ready()
    before = threads(new_camera)
    with contextlib.closing(Clients(new_camera, [*MANY, "/waits"])) as clients:
        assert sockets(new_camera) == 1 + len(MANY) + 1
        code = "from camcors import start; start.stop(); print(start.shutdown.has_ended)"
        assert new_camera.exec(code) == "True\n"
        assert sockets(new_camera) == 0
        assert clients.wait_ended() == len(MANY) + 1
    end = time.monotonic() + 10
    while threads(new_camera) != before - 1:  # it has its last few instructions before it
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("command", ["soft-reset", "mpremote without resume", "SystemExit"])
def test_a_soft_reset_while_viewers_watch(new_camera: Camera, command: str) -> None:
    for _ in range(3):
        with contextlib.closing(Clients(new_camera, MANY)) as clients:
            new_camera.drain()
            if command == "soft-reset":
                assert new_camera.mpremote("soft-reset").returncode == 0
            elif command == "mpremote without resume":
                assert new_camera.mpremote("exec", "print(6 * 7)").stdout == "42\n"
            else:
                new_camera.mpremote("resume", "exec", "--no-follow", "raise SystemExit")
            new_camera.wait_ready()
            assert clients.wait_ended() == len(MANY)
        found = new_camera.status()
        assert (found["restart"], found["faults"]) == ({"cause": "soft-reset", "reason": None}, [])
        assert httpx.get(f"{new_camera.url}/api/capture").status_code == 200
    assert [line for line in new_camera.drain() if line.startswith("camcors: ")] == []


def test_a_soft_reset_before_the_camera_serves(new_camera: Camera) -> None:
    """It waits for its port then, and is not cut off."""
    assert new_camera.exec("from camcors import start; start.stop()") == ""
    with socket.create_server(("127.0.0.1", new_camera.port)):
        for _ in range(2):
            assert new_camera.mpremote("soft-reset").returncode == 0
            new_camera.wait_for("camcors: cannot listen on")
    new_camera.wait_ready()
    assert new_camera.status()["restart"] == {"cause": "soft-reset", "reason": None}
    assert not [line for line in new_camera.drain() if line.startswith(LEFT_OPEN)]


def test_a_handler_that_never_ends_delays_a_soft_reset_for_a_while(new_camera: Camera) -> None:
    """Less than mpremote waits; the next start says what may be lost."""
    new_camera.put("main.py", HANDLERS)
    new_camera.reset()
    new_camera.wait_ready()
    with contextlib.closing(Clients(new_camera, ["/api/stream?fps=20", "/holds"])):
        running = new_camera.exec("print('the REPL is free')")
        assert running == "the REPL is free\n"
        assert new_camera.mpremote("exec", "print(6 * 7)").stdout == "42\n"
        new_camera.wait_for(f"{LEFT_OPEN}: 3")
        new_camera.wait_ready()
    assert new_camera.status()["restart"] == {"cause": "soft-reset", "reason": CUT_OFF}
    assert new_camera.mpremote("soft-reset").returncode == 0
    new_camera.wait_ready()
    assert new_camera.status()["restart"] == {"cause": "soft-reset", "reason": None}


def test_ctrl_c_ends_the_wait(new_camera: Camera) -> None:
    """On the REPL by hand: whoever does not want to wait need not."""
    new_camera.put("main.py", HANDLERS)
    new_camera.reset()
    new_camera.wait_ready()
    with contextlib.closing(Clients(new_camera, ["/holds"])), new_camera.serial() as line:
        line.sendall(b"\r\x03\x02from camcors import start; print('now'); start.stop()\r")
        got = b""
        while got.count(b"now") < 2:
            got += line.recv(1000)
        line.sendall(b"\x03")
        while b"KeyboardInterrupt" not in got:
            got += line.recv(1000)
