"""A client that reads a stream."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator

from tests.kit.server import Server
from tests.kit.wire import H, parse

PART = re.compile(
    rb"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: (\d+)\r\n"
    rb"X-Frame-Id: (\d+)\r\nX-Timestamp: (\d+\.\d{3})\r\n\r\n"
)


class Viewer:
    """Reads a stream part by part, as strictly as its format is meant."""

    def __init__(self, server: Server, query: str = "", receive_buffer: int = 0):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.sendall(f"GET /api/stream{query} HTTP/1.1\r\n".encode() + H + b"\r\n")
        self.data = b""

    def more(self) -> None:
        block = self.socket.recv(65536)
        assert block, "the stream ended"
        self.data += block

    def head(self) -> None:
        while b"\r\n\r\n" not in self.data:
            self.more()
        status, _, headers, self.data = parse(self.data)
        assert status == 200
        assert headers == {
            "Content-Type": "multipart/x-mixed-replace; boundary=frame",
            "Cache-Control": "no-store",
            "Vary": "Accept",
            "Connection": "close",
        }

    def part(self) -> tuple[int, float, bytes]:
        while not (found := PART.match(self.data)):
            assert b"--frame"[: len(self.data)] == self.data[:7]
            self.more()
        size, number, stamp = int(found[1]), int(found[2]), float(found[3])
        while len(self.data) < found.end() + size + 2:
            self.more()
        jpeg = self.data[found.end() : found.end() + size]
        assert self.data[found.end() + size : found.end() + size + 2] == b"\r\n"
        self.data = self.data[found.end() + size + 2 :]
        return number, stamp, jpeg


@contextlib.contextmanager
def viewing(server: Server, query: str = "", receive_buffer: int = 0) -> Iterator[Viewer]:
    viewer = Viewer(server, query, receive_buffer)
    with contextlib.closing(viewer.socket):
        viewer.head()
        yield viewer
