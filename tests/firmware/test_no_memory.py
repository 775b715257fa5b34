"""The last resort of a camera whose heap is full: an answer that was made before."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from pathlib import Path
from socket import create_connection
from typing import Any

import pytest

from microdot import Request
from tests.kit.camera import free_port
from tests.kit.server import LIMITS, Server, make_device, on_cpython, read_all
from tests.kit.wire import H, parse

WORDS = {"error": "the camera has no memory left for this request", "code": "no-memory"}
GET = b"GET /%b HTTP/1.1\r\n" + H + b"\r\n"
HEAD = b"HEAD /echo HTTP/1.1\r\n" + H + b"\r\n"
HTTP = "camcors.http."
WORDLESS = HTTP + "connection.answer_to"  # the answer that is made for a full heap has no room either

#: What has no room, and what is asked meanwhile.
STARVED = {
    "a connection": ([HTTP + "server.Connection"], GET % b"echo"),
    "a buffer": ([HTTP + "buffers.Buffers.take", WORDLESS], GET % b"echo"),
    "a request": ([HTTP + "connection.make_request", WORDLESS], GET % b"echo"),
    "the answer's head": ([HTTP + "respond.head_of"], GET % b"echo"),
    "the answer to HEAD": ([HTTP + "respond.head_of"], HEAD),
    "a refusal": ([WORDLESS], b"GET / HTTP/9.9\r\n" + H + b"\r\n"),
    "a handler's wait": ([HTTP + "connection.respond"], GET % b"slow"),
}


def fail(*_: object) -> None:
    raise MemoryError


def ask(server: Server, data: bytes) -> bytes:
    """The answer to `data`. CPython may close with it unread, and TCP says so behind the answer."""
    answer = b""
    with server.connect() as client:
        client.sendall(data)
        with contextlib.suppress(ConnectionResetError):
            while block := client.recv(65536):
                answer += block
    return answer


def check(answer: bytes, is_head: bool = False) -> None:
    status, reason, headers, body = parse(answer)
    assert (status, reason) == (503, "Service Unavailable")
    assert headers == {
        "Content-Type": "application/json; charset=UTF-8",
        "Cache-Control": "no-store",
        "Content-Length": str(len(json.dumps(WORDS))),
        "Retry-After": "2",
        "Connection": "close",
    }
    assert body == (b"" if is_head else json.dumps(WORDS).encode())


@pytest.mark.parametrize(("names", "data"), STARVED.values(), ids=STARVED)
def test_told_without_memory(monkeypatch: pytest.MonkeyPatch, names: list[str], data: bytes) -> None:
    with on_cpython(LIMITS) as server:
        with monkeypatch.context() as patch:
            for name in names:
                patch.setattr(name, fail)
            check(ask(server, data), data is HEAD)
        assert server.probe()["faults"] == 1


#: What has begun when there is no memory for more: nothing may be written into it.
BEGUN = {
    "an answer": (HTTP + "wire.Wire.send_pieces", GET % b"body/async"),
    "a handler's own": (HTTP + "connection.respond", GET % b"write"),
}


@pytest.mark.parametrize(("name", "data"), BEGUN.values(), ids=BEGUN)
def test_not_told_in_an_answer(monkeypatch: pytest.MonkeyPatch, name: str, data: bytes) -> None:
    with on_cpython(LIMITS) as server:
        with monkeypatch.context() as patch:
            patch.setattr(name, fail)
            answer = ask(server, data)
        assert answer.startswith(b"HTTP/1.1 ") and b" 503 " not in answer


def test_not_told_to_whom_a_handler_has_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Although it waits for its client after that, and then no answer has begun by the exchange."""

    async def talk() -> tuple[bytes, int]:
        device = make_device({})

        @device.app.get("/speak")
        async def speak(request: Request) -> str:
            wire: Any = request.sock[1]
            await wire.awrite(b"HTTP/1.1 102 Processing\r\n\r\n")
            await wire.read(1)
            monkeypatch.setattr(HTTP + "connection.respond", fail)
            return "x"

        await device.server.start("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*device.server.address())
        writer.write(GET % b"speak")
        answer = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"x")
        answer += await reader.read()
        writer.close()
        await device.server.close()
        return answer, device.server.faults

    assert asyncio.run(talk()) == (b"HTTP/1.1 102 Processing\r\n\r\n", 1)


FULL = """
import asyncio, sys
import micropython
from camcors.http import transport
from camcors.http.connection import Connection
from camcors.http.server import Server
from microdot import Microdot

app = Microdot()
end = Connection.close


def close(connection):
    end(connection)
    micropython.heap_unlock()


def fail(socket):
    raise MemoryError


@app.get("/")
async def index(request):
    Connection.close = close
    micropython.heap_lock()  # nothing can be allocated from here to the end of this connection
    return ""


async def main():
    if sys.argv[2] == "accepted":
        transport._send_at_once = fail
    await Server(app, log=lambda line: None).start("127.0.0.1", int(sys.argv[1]))
    print("ready")
    await asyncio.sleep(60)


asyncio.run(main())
"""


@pytest.mark.parametrize(("when", "method"), [("answered", "GET"), ("answered", "HEAD"), ("accepted", "GET")])
def test_told_in_a_full_heap(program: Path, tmp_path: Path, when: str, method: str) -> None:
    """What says so allocates nothing; nor has a client to have a connection."""
    (tmp_path / "app.py").write_text(FULL)
    port = free_port()
    command: list[str | Path] = [program, tmp_path / "app.py", str(port), when]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            for _ in range(2):
                with create_connection(("127.0.0.1", port), timeout=10) as client:
                    if when == "answered":
                        client.sendall(method.encode() + b" / HTTP/1.1\r\nHost: a\r\n\r\n")
                    check(read_all(client), method == "HEAD")
        finally:
            process.kill()
