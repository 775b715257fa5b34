"""The running camera refuses what is no request, and tells a page that the policy lets in why."""

from __future__ import annotations

import json
import socket

import pytest

from tests.kit.camera import Camera
from tests.kit.small_board import needs_long_head

ALLOWED = "http://localhost:8000"
FOREIGN = "http://evil.example"
ASKS = "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: content-type\r\n"

# (request line, what follows Host and Origin, status)
REFUSED = [
    ("GET /api/stream?fps=5% HTTP/1.1", "", 400),
    ("GET /api/status HTTP/3.0", "", 505),
    ("GET /api/status HTTP/1.1", "Expect: x\r\n", 417),
    pytest.param("GET /api/status HTTP/1.1", "Cookie: " + 9000 * "a" + "\r\n", 431, marks=needs_long_head),
    ("get /api/status HTTP/1.1", "", 501),
    ("GET /api/status HTTP/1.1", "Transfer-Encoding: chunked\r\n\r\nx\r\n", 400),
    ("GET /api/status HTTP/1.1", "Content-Length: 99999\r\n", 413),
    ("OPTIONS /%zz HTTP/1.1", ASKS, 204),
    ("OPTIONS /api/led HTTP/1.1", ASKS + "Transfer-Encoding: gzip\r\n", 204),
]


@pytest.mark.parametrize("origin", [ALLOWED, FOREIGN, None])
@pytest.mark.parametrize(("line", "more", "status"), REFUSED)
def test_refused(camera: Camera, line: str, more: str, status: int, origin: str | None) -> None:
    if origin is None and status == 204:
        pytest.skip("no preflight")
    says = f"Origin: {origin}\r\n" if origin else ""
    data = f"{line}\r\nHost: 127.0.0.1:{camera.port}\r\n{says}{more}\r\n"
    with socket.create_connection(("127.0.0.1", camera.port), timeout=10) as client:
        client.sendall(data.encode())
        head = client.recv(65536).decode().partition("\r\n\r\n")[0]
    first, *lines = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert first.split(" ")[1] == str(status)
    assert headers.get("Access-Control-Allow-Origin") == (ALLOWED if origin == ALLOWED else None)
    assert "Origin" in headers["Vary"].split(", ")
    if status == 204:
        assert headers.get("Access-Control-Allow-Methods") == ("PUT" if origin == ALLOWED else None)
        assert headers.get("Access-Control-Allow-Headers") == ("content-type" if origin == ALLOWED else None)


def test_a_foreign_host_may_not_read_why(camera: Camera) -> None:
    """It gets the guard's answer, which is the same for any request."""
    data = f"GET /%zz HTTP/1.1\r\nHost: evil.example\r\nOrigin: {ALLOWED}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", camera.port), timeout=10) as client:
        client.sendall(data.encode())
        head, _, body = client.recv(65536).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 421 ")
    assert json.loads(body)["code"] == "foreign-host"
    assert b"percent" not in body
