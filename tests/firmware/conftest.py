"""The server under test, in a thread on CPython and as a program on MicroPython."""

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
from typing import Any, NamedTuple

import pytest

from tests.kit.camera import PROGRAM, free_port

HERE = Path(__file__).resolve().parent

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
    return importlib.import_module("tests.firmware.device").Device(limits, is_guarded)


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
    command = [str(PROGRAM), str(HERE / "device.py"), str(port), json.dumps(limits)]
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


SILENT, CLOSED, FULL = "silent", "closed", "full"  # of on_bytes.py


class Heard(NamedTuple):
    """What came of a conversation: all that the client got, what was counted, the lines that were logged."""

    answer: bytes
    counted: dict[str, int]
    lines: list[str]


Talk = Callable[..., Heard]


@contextlib.contextmanager
def talk_on_cpython(limits: dict[str, int], is_guarded: bool) -> Iterator[Talk]:
    talker = importlib.import_module("tests.firmware.on_bytes").Talker(limits, is_guarded)
    loop = asyncio.new_event_loop()

    def hear(*pieces: bytes, end: str = SILENT) -> Heard:
        answer = bytearray()
        found = loop.run_until_complete(talker.hear(pieces, end, answer.extend))
        return Heard(bytes(answer), **found)

    with contextlib.closing(loop):
        yield hear


@contextlib.contextmanager
def talk_on_micropython(limits: dict[str, int], is_guarded: bool) -> Iterator[Talk]:
    command = [str(PROGRAM), str(HERE / "on_bytes.py"), json.dumps(limits), *["guarded"] * is_guarded]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None and stdout is not None

        def hear(*pieces: bytes, end: str = SILENT) -> Heard:
            print(json.dumps([end, *(piece.hex() for piece in pieces)]), file=stdin, flush=True)
            answer, said = bytearray(), ""
            while not (line := stdout.readline()).startswith("{"):
                if line.startswith(">"):
                    answer += bytes.fromhex(line[1:])
                else:  # microdot prints what a handler raises
                    said += line
                    assert line, said
            return Heard(bytes(answer), **json.loads(line))

        try:
            yield hear
            print(file=stdin, flush=True)
            assert process.wait(10) == 0
        finally:
            process.kill()


@pytest.fixture(scope="module", params=["cpython", "micropython"])
def start_talk(request: pytest.FixtureRequest) -> Iterator[Callable[..., Talk]]:
    """A function that makes a talk with limits of its own."""
    if request.param == "micropython":
        request.getfixturevalue("program")
    run = talk_on_cpython if request.param == "cpython" else talk_on_micropython
    with contextlib.ExitStack() as stack:

        def start(is_guarded: bool = False, **limits: int) -> Talk:
            return stack.enter_context(run({**LIMITS, **limits}, is_guarded))

        yield start


@pytest.fixture(scope="module")
def talk(start_talk: Callable[..., Talk]) -> Talk:
    """A conversation on bytes: what a client gets that sends these pieces, each when it is waited for, and
    then falls silent, or with end=CLOSED ends its side. No sockets, no clocks; on both interpreters."""
    return start_talk()


@pytest.fixture(scope="module")
def guarded_talk(start_talk: Callable[..., Talk]) -> Talk:
    """The same with a policy and the guards."""
    return start_talk(is_guarded=True)


Start = Callable[..., Server]


@pytest.fixture(scope="module", params=["cpython", "micropython"])
def start(request: pytest.FixtureRequest) -> Iterator[Start]:
    """A function that starts a server with limits of its own."""
    if request.param == "micropython":
        request.getfixturevalue("program")
    with contextlib.ExitStack() as stack:

        def start_server(is_guarded: bool = False, **limits: int) -> Server:
            run = on_cpython if request.param == "cpython" else on_micropython
            return stack.enter_context(run({**LIMITS, **limits}, is_guarded))

        yield start_server


@pytest.fixture(scope="module")
def server(start: Start) -> Server:
    """A server shared by the tests of a module."""
    return start()


@pytest.fixture(scope="module")
def guarded(start: Start) -> Server:
    """A server with a policy and the guards."""
    return start(is_guarded=True)


@pytest.fixture(scope="module")
def patient(start: Start) -> Server:
    """A server that reads for long what comes after a refusal."""
    return start(linger_ms=10000)


@pytest.fixture(scope="module")
def hasty(start: Start) -> Server:
    """A server whose clients are late after 2 s. On a busy machine one may need a second for its first byte,
    and a client that has said nothing is closed without a word."""
    return start(head_timeout_ms=2000, body_timeout_ms=2000)


@pytest.fixture(autouse=True)
def good_camera(request: pytest.FixtureRequest) -> None:
    """Each test finds the shared server's camera working."""
    if "server" in request.fixturenames:
        server: Server = request.getfixturevalue("server")
        server.set_camera(mode="good", size=2000, steps=0)
