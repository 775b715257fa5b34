"""The soak's clients: well-behaved ones, such as leave in the middle, and slow ones."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable

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
    (4, request("PUT", "/api/led", b" " * 1900 + b"{}"), 400),
    (5, request("GET", "/nowhere"), 404),
    (1, request("PUT", "/api/led", b" " * 20000), 413),
]
STATUS = KINDS[0][1]
STREAM = request("GET", "/api/stream")
PUT = KINDS[3][1]


class Client:
    """One connection, opened again when the camera has closed it."""

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
        """Send one request, again if the connection was closed before an answer -> status."""
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
                connection = client.connection()  # another one after a 503
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
