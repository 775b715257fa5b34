"""Starts server_app.py, alone or under an instrument, and talks to it as Chrome would."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench import chrome, peers
from tests.kit.camera import PROGRAM, free_port

APP = Path(__file__).with_name("server_app.py")
PATH = "/api/status"
#: Those that one request is compared among, stock and ours first.
KINDS = ("stock", "ours", *peers.KINDS)
#: What the requests to "shown" and "locked" show; of no camera.
TOKEN = "camcors_" + 26 * "0"
#: The heap of each server from its start on: that of a board with PSRAM. One that grows has grown or not by
#: what was compiled at the start, and who just fits into its first area collects with every fourth request.
_HEAP = "4194304"
_END_SECONDS = 60  # callgrind writes its file in that time


def require(program: str) -> None:
    """End with one line if `program`, which is also its Debian package, is not installed."""
    if shutil.which(program) is None:
        raise SystemExit(f"camcors: {program} is missing; install it with: sudo apt install {program}")


def kinds(keep_alive: bool) -> list[str]:
    """Those of KINDS that keep a connection, or all."""
    return [kind for kind in KINDS if not (keep_alive and kind in peers.PACKAGES)]


class Client:
    """One client, one request at a time; it keeps its connection if asked to and if the server does."""

    def __init__(self, port: int, keep_alive: bool, token: str | None = None):
        self._port = port
        self._keep_alive = keep_alive
        self._token = token
        self._socket: socket.socket | None = None

    def get(self, path: str = PATH) -> bytes:
        """The body of the answer; raises ValueError if its status is not 200."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        self._socket.sendall(chrome.head(path, f"127.0.0.1:{self._port}", self._keep_alive, self._token))
        head, body = self._receive()
        if not (self._keep_alive and is_kept(head)):
            while block := self._socket.recv(4096):  # the server closes first
                body += block
            self.close()
        return body

    def _receive(self) -> tuple[bytes, bytes]:
        assert self._socket is not None
        data = b""
        while b"\r\n\r\n" not in data:
            block = self._socket.recv(4096)
            if not block:
                raise ValueError(f"the connection was closed after {data!r}")
            data += block
        head, _, body = data.partition(b"\r\n\r\n")
        if head.split()[1:2] != [b"200"]:
            raise ValueError(f"not a 200: {data!r}")
        while len(body) < int(field(head, b"content-length") or 0):
            body += self._socket.recv(4096)
        return head, body

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def field(head: bytes, name: bytes) -> bytes | None:
    """The value of a header field in an answer's head, None without one; `name` in lower case."""
    for line in head.split(b"\r\n")[1:]:
        found, _, value = line.partition(b":")
        if found.strip().lower() == name:
            return value.strip()
    return None


def is_kept(head: bytes) -> bool:
    """Whether the server keeps the connection after this answer (RFC 9112 section 9.3)."""
    connection = (field(head, b"connection") or b"").lower()
    if head.startswith(b"HTTP/1.0"):
        return connection == b"keep-alive"
    return connection != b"close"


class Serving:
    """A running server."""

    def __init__(self, port: int, token: str | None, pid: int):
        self.port = port
        self._token = token
        self._pid = pid

    def cpu_seconds(self) -> float:
        """The processor's time that the server has taken so far, the system's for it among it."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime, stime: proc(5)

    def client(self, keep_alive: bool) -> Client:
        """A client that the server lets in."""
        return Client(self.port, keep_alive, self._token)

    def load(self, requests: int, keep_alive: bool) -> None:
        """So many requests of one client."""
        client = self.client(keep_alive)
        with contextlib.closing(client):
            for _ in range(requests):
                client.get()


def allocated(client: Client) -> int:
    """Heap bytes in use; from the first call on, the server collects nothing."""
    return int(json.loads(client.get("/heap"))["allocated"])


@contextlib.contextmanager
def serving(kind: str, folder: Path, instrument: Sequence[str] = ()) -> Iterator[Serving]:
    """The server of `kind` under the command line `instrument`; it has ended by itself afterwards."""
    port = free_port()
    if kind in peers.KINDS:
        server_command = peers.command(kind, PROGRAM, port)
    else:
        server_command = [str(PROGRAM), str(APP), kind, str(port), str(folder), TOKEN]
    command = [*instrument, *server_command]
    environment = os.environ | {"CAMCORS_HOST_HEAP": _HEAP}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    try:
        if process.stdout.readline() != "ready\n":
            raise SystemExit(f"camcors: the {kind} server did not start: {' '.join(command)}")
        server = Serving(port, TOKEN if kind in ("shown", "locked") else None, process.pid)
        yield server
        server.client(False).get("/quit")
        if process.wait(_END_SECONDS):
            raise SystemExit(f"camcors: the {kind} server ended with status {process.returncode}")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
