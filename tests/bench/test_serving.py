"""What the bench's client makes of an answer's head."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator

import pytest

from tests.bench import serving


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (b"HTTP/1.1 200 OK", True),
        (b"HTTP/1.1 200 OK\r\nConnection: keep-alive", True),
        (b"HTTP/1.1 200 OK\r\nCONNECTION:Close", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive", True),
    ],
)
def test_is_kept(head: bytes, kept: bool) -> None:
    assert serving.is_kept(head) is kept


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"content-length", b"12"), (b"vary", b"a:b"), (b"http/1.1 200 ok", None), (b"length", None)],
)
def test_field(name: bytes, value: bytes | None) -> None:
    assert serving.field(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nVary:  a:b ", name) == value


def test_missing_program_is_named_with_its_remedy() -> None:
    with pytest.raises(SystemExit) as stopped:
        serving.require("no-such-program")
    assert stopped.value.args == (
        "camcors: no-such-program is missing; install it with: sudo apt install no-such-program",
    )
    serving.require("sh")


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers /gone with 404, everything else with 200; keeps connections as HTTP/1.1 does."""

    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.server.connections.append(self.client_address)  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/gone" else 200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"body")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.connections = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join(10)


@pytest.mark.parametrize(("keep_alive", "connections"), [(True, 1), (False, 3)])
def test_client_keeps_its_connection_if_both_will(
    server: http.server.ThreadingHTTPServer, keep_alive: bool, connections: int
) -> None:
    with contextlib.closing(serving.Client(server.server_port, keep_alive)) as client:
        assert [client.get() for _ in range(3)] == [b"body"] * 3
    assert len(server.connections) == connections  # type: ignore[attr-defined]


def test_client_takes_no_other_status(server: http.server.ThreadingHTTPServer) -> None:
    client = contextlib.closing(serving.Client(server.server_port, False))
    with client as open_client, pytest.raises(ValueError) as raised:
        open_client.get("/gone")
    assert str(raised.value).startswith("not a 200: b'HTTP/1.1 404 Not Found")
