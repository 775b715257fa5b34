"""MicroPython's transport over a socket that notes what it is asked for; CPython cannot run its waits, so
here is what it does without waiting. The rest is tested with real sockets on both interpreters."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from socket import SHUT_WR, create_connection, socketpair

import pytest

from camcors.http import transport as transport_module
from camcors.http.buffers import Buffers
from camcors.http.inbox import Inbox
from camcors.http.transport import _Transport  # type: ignore[attr-defined]  # CPython has another one
from tests.kit.camera import free_port


class Socket:
    """Takes at most `room` bytes, and none after them."""

    def __init__(self, room: int = 100, fails: bool = False):
        self.calls: list[tuple[object, ...]] = []
        self.taken = b""
        self._room = room
        self._fails = fails

    def setsockopt(self, *option: int) -> None:
        self.calls.append(("setsockopt", *option))
        if self._fails:
            raise OSError(22)

    def write(self, data: bytes, start: int, size: int) -> int | None:
        piece = bytes(data[start : start + min(size, self._room)])
        self._room -= len(piece)
        self.taken += piece
        return len(piece) or None

    def close(self) -> None:
        self.calls.append(("close",))


def transport(socket: Socket, peer: object = ("10.0.0.7", 5000)) -> _Transport:
    return _Transport(socket, peer)


@pytest.mark.parametrize("fails", [False, True])
def test_no_delay_from_the_beginning(fails: bool) -> None:
    socket = Socket(fails=fails)
    transport(socket)
    assert socket.calls == [("setsockopt", 6, 1, 1)]  # IPPROTO_TCP, TCP_NODELAY


@pytest.mark.parametrize(
    ("is_linux", "fails", "calls"),
    [
        (True, False, [("setsockopt", 1, 7, 32768)]),  # SOL_SOCKET, SO_SNDBUF
        (True, True, [("setsockopt", 1, 7, 32768)]),
        (False, False, []),  # the ESP32 would print a warning, and its lwIP has a small buffer anyway
    ],
)
def test_little_lies_unsent(
    monkeypatch: pytest.MonkeyPatch, is_linux: bool, fails: bool, calls: list[object]
) -> None:
    monkeypatch.setattr(transport_module, "_IS_LINUX", is_linux)
    socket = Socket(fails=fails)
    client = transport(socket)
    client.bound_unsent()
    assert socket.calls[1:] == calls
    client.close()
    client.bound_unsent()
    assert socket.calls[1:] == [*calls, ("close",)]


def test_send_says_when_to_wait() -> None:
    socket = Socket(room=10)
    client = transport(socket)
    seen = [
        (client.send(b"0123456789ab", start, size), client.is_full)
        for start, size in ((0, 4), (4, 8), (10, 2))
    ]
    assert seen == [(4, False), (6, True), (0, True)]
    assert socket.taken == b"0123456789"


def test_closed_once_and_for_all() -> None:
    """On unix a second close, or a write after it, would reach whoever has got the number since."""
    socket = Socket()
    client = transport(socket)
    client.close()
    client.close()
    assert socket.calls[1:] == [("close",)]
    with pytest.raises(OSError, match=r"^128$"):
        client.send(b"x", 0, 1)
    with pytest.raises(OSError, match=r"^128$"):
        asyncio.run(client.receive(Inbox(Buffers())))
    assert socket.taken == b""


def test_is_readable() -> None:
    ours, theirs = socketpair()
    with ours, theirs:
        client = _Transport(ours, None)
        assert not client.is_readable()
        theirs.send(b"x")
        assert client.is_readable()
        ours.recv(1)
        assert not client.is_readable()
        theirs.shutdown(SHUT_WR)
        assert client.is_readable()
        client.close()
        assert not client.is_readable()


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        (("10.0.0.7", 5000), ("10.0.0.7", 5000)),
        (b"\x02\x00\x13\x88\x0a\x00\x00\x07" + bytes(8), ("10.0.0.7", 5000)),
    ],
)
def test_client(peer: object, client: tuple[str, int]) -> None:
    assert transport(Socket(), peer).client() == client


REGISTER_FAILS = """
import asyncio, json, sys
import micropython
from asyncio import core
from camcors.http.server import Server
from microdot import Microdot

real = core._io_queue.poller
fails_at = int(sys.argv[2])
calls = 0


class Poller:
    unregister = real.unregister
    modify = real.modify
    ipoll = real.ipoll

    def register(self, socket, event):
        global calls
        calls += 1
        if calls != fails_at:
            return real.register(socket, event)
        micropython.heap_lock()
        try:
            real.register(socket, event)
        finally:
            micropython.heap_unlock()


app = Microdot()


@app.get("/")
def index(request):
    return "ok"


async def main():
    core._io_queue.poller = Poller()
    await Server(app).start("127.0.0.1", int(sys.argv[1]))
    print("ready")
    await asyncio.sleep(60)


asyncio.run(main())
"""


@pytest.mark.parametrize("fails_at", range(1, 8))
def test_poller_that_has_no_memory_for_a_socket(program: Path, tmp_path: Path, fails_at: int) -> None:
    """It would crash at its next poll, whether it is the listener that waits or a client."""
    (tmp_path / "app.py").write_text(REGISTER_FAILS)
    port = free_port()
    command: list[str | Path] = [program, tmp_path / "app.py", str(port), str(fails_at)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            for _ in range(3):
                with create_connection(("127.0.0.1", port), timeout=10) as client:
                    for _ in range(2):
                        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                        assert client.recv(1000).endswith(b"ok")
            assert process.poll() is None
        finally:
            process.kill()
