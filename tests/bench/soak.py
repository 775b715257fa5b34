"""Soak: a fresh camera answers requests for as long as it takes, well-behaved clients among bad ones.

usage: soak.py [--requests 200000] [--seed 1]. One in a hundred clients is cut off at some stage, one in four
hundred sends its head byte by byte. Prints a table; exit status 1 if a check fails.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import socket
import struct
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from camera import Camera

HEAP_SLACK = 4096  # bytes; a leak of one byte for each forty requests is more in a whole run
HEAP_USED = "import gc; gc.collect(); print(gc.mem_alloc())"
SLOW_PIECES = 12
SLOW_PAUSE_S = 0.02
HEADERS = (
    "Host: camcors.local\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: application/json, text/plain, */*\r\n"
    'sec-ch-ua: "Chromium";v="141", "Not?A_Brand";v="8"\r\n'
    "sec-ch-ua-mobile: ?0\r\n"
    "Origin: http://localhost:8000\r\n"
    "Sec-Fetch-Site: cross-site\r\n"
    "Sec-Fetch-Mode: cors\r\n"
    "Referer: http://localhost:8000/\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
)


def request(method: str, path: str, body: bytes = b"", more: str = "") -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\n{HEADERS}{more}{length}\r\n".encode() + body


PREFLIGHT = "Access-Control-Request-Method: PUT\r\n"
# (how often, request, status)
KINDS = [
    (60, request("GET", "/api/status"), 200),
    (10, request("GET", "/"), 200),
    (5, request("HEAD", "/"), 200),
    (10, request("PUT", "/api/led", b'{"level": 1}'), 200),
    (5, request("OPTIONS", "/api/led", more=PREFLIGHT), 204),
    (4, request("PUT", "/api/led", b" " * 3000 + b"{}"), 400),
    (5, request("GET", "/nowhere"), 404),
    (1, request("PUT", "/api/led", b" " * 20000), 413),
]
STATUS = KINDS[0][1]
STREAM = request("GET", "/api/stream")
PUT = KINDS[3][1]


class Client:
    """One connection, opened anew when the camera has closed it."""

    def __init__(self, port: int):
        self._port = port
        self._socket: socket.socket | None = None
        self.opened = 0

    def connection(self) -> socket.socket:
        """The open connection, made if there is none."""
        return self._socket or self.connect()

    def connect(self) -> socket.socket:
        self.close()
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.opened += 1
        return self._socket

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(self, data: bytes) -> int:
        """Sends one request, anew if the connection was closed before an answer -> status."""
        for _ in range(20):
            try:
                self.connection().sendall(data)
                status = self.answer(data.startswith(b"HEAD "))
            except (ConnectionError, EOFError):  # closed while idle, as it may be; 413 may cut the sending
                self.close()
                continue
            if status != 503:
                return status
            time.sleep(0.02)
        raise AssertionError("20 attempts without an answer")

    def answer(self, is_head: bool) -> int:
        assert self._socket is not None
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        size = 0 if is_head else int(headers.get("content-length", "0"))
        while len(body) < size:
            body += self._receive()
        assert len(body) == size, f"{len(body) - size} bytes too many"
        if headers.get("connection") == "close":
            self.close()
        return int(lines[0].split(" ")[1])

    def _receive(self) -> bytes:
        assert self._socket is not None
        block = self._socket.recv(65536)
        if not block:
            raise EOFError
        return block


class Soak:
    """Its threads share the counters under one lock."""

    def __init__(self, port: int, seed: int):
        self.port = port
        self.seed = seed
        self.done: Counter[str] = Counter()
        self.errors: list[str] = []
        self._lock = threading.Lock()

    def run(self, requests: int) -> None:
        """So many good requests, half of them on connections that are kept, beside the bad ones."""
        jobs: list[tuple[Callable[[random.Random, Client], None], int]] = [
            (self._kept, requests // 2),
            (self._new, requests - requests // 2),
            (self._aborted, requests // 100),
            (self._slow, requests // 800),
            (self._slow, requests // 400 - requests // 800),
        ]
        threads = []
        for number, (job, count) in enumerate(jobs):
            threads.append(threading.Thread(target=self._repeat, args=(number, job, count)))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def _repeat(self, number: int, job: Callable[[random.Random, Client], None], count: int) -> None:
        source = random.Random(self.seed * 100 + number)
        client = Client(self.port)
        try:
            for _ in range(count):
                job(source, client)
                with self._lock:
                    self.done[job.__name__[1:]] += 1
        except Exception as error:
            with self._lock:
                self.errors.append(f"{job.__name__[1:]}: {error!r}")
        client.close()
        with self._lock:
            self.done["connections"] += client.opened

    def _kept(self, source: random.Random, client: Client) -> None:
        _, data, status = source.choices(KINDS, [kind[0] for kind in KINDS])[0]
        found = client.ask(data)
        assert found == status, f"{found} instead of {status} for {data[:40]!r}"

    def _new(self, source: random.Random, client: Client) -> None:
        client.close()
        self._kept(source, client)

    def _aborted(self, source: random.Random, client: Client) -> None:
        """A client that leaves: before, in or after a request, in an answer, in a stream."""
        with contextlib.suppress(ConnectionError, EOFError):
            connection = client.connect()
            if source.random() < 0.3:
                connection.sendall(STATUS)
                client.answer(is_head=False)
            data = source.choice([STATUS, PUT, STREAM, KINDS[1][1]])
            connection.sendall(
                data[: source.choice([0, 1, source.randrange(len(data)), len(data), len(data)])]
            )
            if source.random() < 0.5:
                connection.settimeout(0.05)
                with contextlib.suppress(TimeoutError):
                    connection.recv(source.choice([1, 500, 20000]))
            if source.random() < 0.5:  # RST instead of FIN
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    def _slow(self, source: random.Random, client: Client) -> None:
        """A head that comes in pieces, long after each other."""
        for _ in range(20):
            with contextlib.suppress(ConnectionError, EOFError):
                connection = client.connect()
                cuts = sorted(source.sample(range(1, len(STATUS)), SLOW_PIECES))
                for start, end in zip([0, *cuts], [*cuts, len(STATUS)]):
                    connection.sendall(STATUS[start:end])
                    time.sleep(SLOW_PAUSE_S)
                if (status := client.answer(is_head=False)) == 200:
                    return client.close()
                assert status == 503, status
            time.sleep(0.02)
        raise AssertionError("20 attempts without an answer")


def status(camera: Camera) -> dict[str, Any]:
    """/api/status once all other connections have ended, with the heap in use after a collection."""
    end = time.monotonic() + 30
    while True:
        with socket.create_connection(("127.0.0.1", camera.port), timeout=10) as client:
            client.sendall(b"GET /api/status HTTP/1.0\r\n\r\n")
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        if answer.startswith(b"HTTP/1.1 200 "):  # 503 as long as the last ones leave
            report = json.loads(answer.partition(b"\r\n\r\n")[2])
            if report["clients"]["connections"] == 1 and report["clients"]["viewers"] == 0:
                break
        assert time.monotonic() < end, answer
        time.sleep(0.05)
    # The least of some, since a stale word on a stack may keep a dead buffer through one collection.
    report["heap"]["used"] = min(int(camera.exec(HEAP_USED)) for _ in range(4))
    return report


def sockets(camera: Camera) -> int:
    """How many sockets the camera's process holds."""
    links = Path(f"/proc/{camera.process.pid}/fd").iterdir()
    count = 0
    for link in links:
        with contextlib.suppress(FileNotFoundError):
            count += str(link.readlink()).startswith("socket:")
    return count


def warm_up(camera: Camera) -> None:
    """Has the camera make what it makes once: its picture, and buffers for as many clients as it serves."""
    with socket.create_connection(("127.0.0.1", camera.port), timeout=10) as viewer:
        viewer.sendall(STREAM)
        seen = b""
        while seen.count(b"--frame") < 2:
            seen += viewer.recv(65536)
    while not is_overrun(camera):
        pass


def is_overrun(camera: Camera) -> bool:
    """Opens more clients than the camera takes at a time -> whether the last one was closed unheard.

    If so, all others were there at the same time, each with a buffer.
    """
    clients = [Client(camera.port) for _ in range(12)]
    try:
        for client in clients:
            with contextlib.suppress(ConnectionError):
                client.connect().sendall(STATUS[:1])
        try:
            return not clients[-1].connection().recv(1)
        except ConnectionError:
            return True
    finally:
        for client in clients:
            client.close()


def check(camera: Camera, requests: int, seed: int) -> bool:
    warm_up(camera)
    status(camera)
    at_start = sockets(camera)
    soak = Soak(camera.port, seed)
    started = time.monotonic()
    soak.run(requests // 10)
    early = status(camera)
    soak.run(requests - requests // 10)
    late = status(camera)
    seconds = time.monotonic() - started
    end = time.monotonic() + 10  # the last client's socket may take a moment
    while (at_end := sockets(camera)) > at_start and time.monotonic() < end:
        time.sleep(0.05)
    clients = late["clients"]
    growth = late["heap"]["used"] - early["heap"]["used"]
    good = [
        ("requests answered as they must be", soak.done["kept"] + soak.done["new"] == requests),
        ("no error of a client", not soak.errors),
        ("no fault counted", clients["faults"] == 0 and not late["faults"]),
        ("heap flat", growth <= HEAP_SLACK),
        ("no socket left", at_end == at_start),
    ]
    for name in ("kept", "new", "aborted", "slow", "connections"):
        print(f"{name:34}{soak.done[name]:10}")
    for name in ("accepted", "requests", "evicted", "refused", "rejected", "timeouts", "vanished", "faults"):
        print(f"{'camera: ' + name:34}{clients[name]:10}")
    print(f"{'heap used at 10 %, at the end':34}{early['heap']['used']:10}{late['heap']['used']:10}")
    print(f"{'sockets at the start, at the end':34}{at_start:10}{at_end:10}")
    print(f"{'seconds':34}{seconds:10.1f}")
    for what, is_so in good:
        print(f"{what:34}{'ok' if is_so else 'FAILED':>10}")
    for error in soak.errors + late["faults"]:
        print(error)
    return all(is_so for _, is_so in good)


def main() -> int:
    parser = argparse.ArgumentParser(description="Soak test of the camera on your desk.")
    parser.add_argument("--requests", type=int, default=200_000, help="good requests (200000)")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices (1)")
    options = parser.parse_args()
    if options.requests < 1000:
        parser.error("--requests: write at least 1000")
    with tempfile.TemporaryDirectory() as folder, Camera(Path(folder) / "flash.bin") as camera:
        camera.wait_ready()
        return 0 if check(camera, options.requests, options.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
