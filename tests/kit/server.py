"""The server under test, in a thread on CPython and as a program on MicroPython, and its clients."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import importlib
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.kit.camera import PROGRAM, free_port

_DEVICE = Path(__file__).resolve().parent / "device.py"

# Short where a test waits for them, long where one must not: a busy machine makes slow clients.
LIMITS = {
    "connections": 32,
    "head_timeout_ms": 60000,
    "body_timeout_ms": 60000,
    "write_timeout_ms": 1500,
    "linger_ms": 50,
}


class Server:
    """Where the server under test listens, and what it says of itself."""

    def __init__(self, port: int):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def probe(self) -> dict[str, Any]:
        return json.loads(self.request("GET", "/probe")[2])

    def set_camera(self, **values: object) -> None:
        assert self.request("PUT", "/camera", values)[2] == b"ok"

    def request(self, method: str, path: str, value: object = None) -> tuple[int, dict[str, str], bytes]:
        """One request, with `value` as JSON or bytes -> status, headers, body."""
        body = value if isinstance(value, bytes) else None if value is None else json.dumps(value)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, body)
            answer = connection.getresponse()
            headers = dict(answer.getheaders())
            assert headers.pop("X-Content-Type-Options") == "nosniff"
            return answer.status, headers, answer.read()

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """A connection from `source`; all of 127.0.0.0/8 is this machine."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10, source_address=(source, 0))

    def exchange(self, data: bytes) -> bytes:
        """Send `data` and read until the server closes."""
        with self.connect() as client:
            client.sendall(data)
            return read_all(client)

    def wait(self, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first probe of which `is_so` holds; the last one if none does in 10 s."""
        end = time.monotonic() + 10
        while not is_so(found := self.probe()) and time.monotonic() < end:
            time.sleep(0.02)
        return found


class Client:
    """A connection over which answers are read one after the other, by their framing alone."""

    def __init__(self, server: Server, source: str = "127.0.0.1"):
        self.socket = server.connect(source)
        self.data = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, is_head: bool = False) -> tuple[int, dict[str, str], bytes]:
        """The next answer -> status, headers, body."""
        while b"\r\n\r\n" not in self.data:
            self._more()
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        assert len(headers) == len(lines)
        assert headers.pop("X-Content-Type-Options") == "nosniff"
        status = int(first.split(" ")[1])
        size = 0 if is_head or status in (204, 304) else int(headers["Content-Length"])
        while len(self.data) < size:
            self._more()
        body, self.data = self.data[:size], self.data[size:]
        return status, headers, body

    def ask(self, data: bytes) -> tuple[int, dict[str, str], bytes]:
        self.send(data)
        return self.answer(data.startswith(b"HEAD "))

    def rest(self) -> bytes:
        """What comes until the server closes."""
        self.data += read_all(self.socket)
        return self.data

    def _more(self) -> None:
        block = self.socket.recv(65536)
        assert block, f"closed after {self.data!r}"
        self.data += block

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()


def read_all(client: socket.socket) -> bytes:
    data = b""
    while block := client.recv(65536):
        data += block
    return data


def make_device(limits: dict[str, int], is_guarded: bool = False) -> Any:
    """A device.Device on CPython."""
    return importlib.import_module("tests.kit.device").Device(limits, is_guarded)


@contextlib.contextmanager
def on_cpython(limits: dict[str, int], is_guarded: bool = False) -> Iterator[Server]:
    started: list[Any] = []
    ready = threading.Event()

    async def main() -> None:
        device = make_device(limits, is_guarded)
        await device.server.start("127.0.0.1", 0)
        stop = asyncio.Event()
        started.extend((device.server.address()[1], asyncio.get_running_loop(), stop))
        ready.set()
        await stop.wait()
        await device.server.close()
        assert device.server.connections == 0

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    port, loop, stop = started
    try:
        yield Server(port)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        assert not thread.is_alive()


@contextlib.contextmanager
def on_micropython(limits: dict[str, int], is_guarded: bool = False) -> Iterator[Server]:
    port = free_port()
    command = [str(PROGRAM), str(_DEVICE), str(port), json.dumps(limits)]
    command += ["guarded"] * is_guarded
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield Server(port)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


Start = Callable[..., Server]
