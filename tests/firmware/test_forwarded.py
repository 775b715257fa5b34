"""What X-Forwarded-* of a trusted proxy changes, and that it changes nothing from anybody else."""

from __future__ import annotations

import json

import pytest

from tests.kit.device import PROXY
from tests.kit.server import Client, Server
from tests.kit.wire import parse

HERE = "127.0.0.1"
NONE: dict[str, str] = {}


def send(server: Server, source: str, *lines: str, start: str = "GET /echo", host: str = HERE) -> bytes:
    """The answer to one request, as it came."""
    head = "\r\n".join([f"{start} HTTP/1.1", f"Host: {host}", "Connection: close", *lines, "", ""])
    with server.connect(source) as client:
        client.sendall(head.encode())
        return b"".join(iter(lambda: client.recv(65536), b""))


# (what the proxy sends, what that changes)
ROWS: list[tuple[list[str], dict[str, str]]] = [
    ([], NONE),
    # the scheme
    (["X-Forwarded-Proto: https"], {"scheme": "https"}),
    (["x-forwarded-proto:HTTPS"], {"scheme": "https"}),
    (["X-Forwarded-Proto: http"], NONE),
    (["X-Forwarded-Proto: http, https"], {"scheme": "https"}),
    (["X-Forwarded-Proto: http,\thttps"], {"scheme": "https"}),
    (["X-Forwarded-Proto: https, http"], NONE),
    (["X-Forwarded-Proto: http", "X-Forwarded-Proto: https"], {"scheme": "https"}),
    (["X-Forwarded-Proto: https", "X-Forwarded-Proto: http"], NONE),
    (["X-Forwarded-Proto:"], NONE),
    (["X-Forwarded-Proto: https,"], NONE),
    (["X-Forwarded-Proto: wss"], NONE),
    (["X-Forwarded-Proto: https:"], NONE),
    (['X-Forwarded-Proto: "https"'], NONE),
    (["X-Forwarded-Proto: http\u017f"], NONE),
    (["X-Forwarded-Scheme: https", "X-Forwarded-Ssl: on", "Forwarded: proto=https;host=a.example"], NONE),
    # the Host
    (["X-Forwarded-Host: camera.example"], {"host": "camera.example"}),
    (["X-Forwarded-Host: camera.example:8443"], {"host": "camera.example:8443"}),
    (["X-Forwarded-Host: 192.168.1.7"], {"host": "192.168.1.7"}),
    (["X-Forwarded-Host: [2001:db8::7]:8443"], {"host": "[2001:db8::7]:8443"}),
    (["X-Forwarded-Host: forged.example, camera.example"], {"host": "camera.example"}),
    (["X-Forwarded-Host: forged.example", "X-Forwarded-Host: camera.example"], {"host": "camera.example"}),
    (["X-Forwarded-Host:"], NONE),
    (["X-Forwarded-Host: camera.example,"], NONE),
    (["X-Forwarded-Host: camera.example/x"], NONE),
    (["X-Forwarded-Host: me@camera.example"], NONE),
    (["X-Forwarded-Host: two words"], NONE),
    (["X-Forwarded-Host: k\u00fcche.example"], NONE),
    (["X-Forwarded-Server: camera.example", "X-Forwarded-Port: 8443", "X-Original-Host: a.example"], NONE),
    # the client
    (["X-Forwarded-For: 192.168.1.9"], {"client": "192.168.1.9"}),
    (["X-Forwarded-For: 10.0.0.1, 192.168.1.9"], {"client": "192.168.1.9"}),
    (["X-Forwarded-For: 10.0.0.1", "X-Forwarded-For: 192.168.1.9"], {"client": "192.168.1.9"}),
    (["X-Forwarded-For: unknown, 192.168.1.9"], {"client": "192.168.1.9"}),
    (["X-Forwarded-For: 2001:db8::9"], {"client": "2001:db8::9"}),
    (["X-Forwarded-For: ::1"], {"client": "::1"}),
    (["X-Forwarded-For:"], NONE),
    (["X-Forwarded-For: 192.168.1.9,"], NONE),
    (["X-Forwarded-For: 192.168.1.9, unknown"], NONE),
    (["X-Forwarded-For: 192.168.1.9:5000"], NONE),
    (["X-Forwarded-For: [2001:db8::9]"], NONE),
    (["X-Forwarded-For: 192.168.1.256"], NONE),
    (["X-Forwarded-For: 192.168.01.9"], NONE),
    (["X-Forwarded-For: _hidden"], NONE),
    (["X-Real-IP: 192.168.1.9", "Client-IP: 192.168.1.9"], NONE),
    # all of them
    (
        ["X-Forwarded-Proto: https", "X-Forwarded-Host: a.example", "X-Forwarded-For: 10.0.0.1"],
        {"scheme": "https", "host": "a.example", "client": "10.0.0.1"},
    ),
    (
        ["X-Forwarded-Proto: gopher", "X-Forwarded-Host: a.example", "X-Forwarded-For: nobody"],
        {"host": "a.example"},
    ),
]  # fmt: skip
IDS = ["; ".join(lines) for lines, _ in ROWS]


def seen(server: Server, source: str, lines: list[str]) -> dict[str, object]:
    status, _, _, body = parse(send(server, source, *lines))
    assert status == 200
    echo = json.loads(body)
    return {name: echo[name] for name in ("scheme", "client", "is_proxied")} | {
        "host": echo["headers"]["host"]
    }


@pytest.mark.parametrize(("lines", "changed"), ROWS, ids=IDS)
def test_of_a_trusted_proxy(server: Server, lines: list[str], changed: dict[str, str]) -> None:
    expected = {"scheme": "http", "host": HERE, "client": PROXY, "is_proxied": True, **changed}
    assert seen(server, PROXY, lines) == expected


@pytest.mark.parametrize("lines", [lines for lines, _ in ROWS], ids=IDS)
def test_of_anybody_else(server: Server, lines: list[str]) -> None:
    for source in (HERE, "127.0.0.4"):
        expected = {"scheme": "http", "host": HERE, "client": source, "is_proxied": False}
        assert seen(server, source, lines) == expected


def test_each_request_of_a_connection_by_itself(server: Server) -> None:
    """A proxy sends those of several clients over one."""
    ask = b"GET /echo HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    client = Client(server, PROXY)
    found = []
    for line in (b"X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\n", b""):
        client.socket.sendall(ask + line + b"\r\n")
        echo = json.loads(client.answer()[2])
        found.append((echo["client"], echo["scheme"]))
    client.socket.close()
    assert found == [("10.0.0.1", "https"), (PROXY, "http")]


def code(answer: bytes) -> object:
    status, _, _, body = parse(answer)
    return status if status < 300 else (status, json.loads(body)["code"])


GUARDED: list[tuple[str, str, list[str], object]] = [
    ("a foreign name", PROXY, ["X-Forwarded-Host: evil.example"], (421, "foreign-host")),
    ("a foreign name at the end", PROXY, ["X-Forwarded-Host: camera, evil.example"], (421, "foreign-host")),
    ("its own name", PROXY, ["X-Forwarded-Host: camera"], 200),
    ("a foreign name of anybody else", HERE, ["X-Forwarded-Host: evil.example"], 200),
    ("a name does not help anybody else", HERE, ["Host: evil.example", "X-Forwarded-Host: camera"],
     (421, "foreign-host")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "lines", "expected"), [r[1:] for r in GUARDED], ids=[r[0] for r in GUARDED]
)
def test_a_name_has_to_pass_the_guard(
    guarded: Server, source: str, lines: list[str], expected: object
) -> None:
    own = [line.removeprefix("Host: ") for line in lines if line.startswith("Host: ")]
    more = [line for line in lines if not line.startswith("Host: ")]
    assert code(send(guarded, source, *more, host=own[0] if own else HERE)) == expected


SECURE = ["X-Forwarded-Proto: https", "X-Forwarded-Host: camera"]
WRITES: list[tuple[str, list[str], object, object]] = [
    # (origin, what else is sent, from the proxy, from anybody else)
    ("https://camera", SECURE, 200, (403, "foreign-write")),
    ("http://camera", SECURE, (403, "foreign-write"), (403, "foreign-write")),
    ("https://camera:8443", SECURE, (403, "foreign-write"), (403, "foreign-write")),
    ("https://camera:8443", [SECURE[0], "X-Forwarded-Host: camera:8443"], 200, (403, "foreign-write")),
    ("https://camera", SECURE[:1], (403, "foreign-write"), (403, "foreign-write")),
    ("https://camera", SECURE[1:], (403, "foreign-write"), (403, "foreign-write")),
    ("https://evil.example", SECURE, (403, "foreign-write"), (403, "foreign-write")),
    ("https://evil.example", [SECURE[0], "X-Forwarded-Host: evil.example"], (421, "foreign-host"),
     (403, "foreign-write")),
    (f"http://{HERE}", [], 200, 200),
    (f"http://{HERE}", SECURE, (403, "foreign-write"), 200),
]  # fmt: skip


@pytest.mark.parametrize(("origin", "lines", "by_proxy", "by_others"), WRITES)
def test_whose_page_may_write(
    guarded: Server, origin: str, lines: list[str], by_proxy: object, by_others: object
) -> None:
    """The proxy's page is the camera's own, and then a page of the address behind it is not."""
    more = [*lines, f"Origin: {origin}", "Content-Length: 0"]
    assert code(send(guarded, PROXY, *more, start="PUT /echo")) == by_proxy
    assert code(send(guarded, HERE, *more, start="PUT /echo")) == by_others


@pytest.mark.parametrize(
    ("source", "expected"), [(PROXY, (400, "bad-request")), (HERE, (403, "foreign-write"))]
)
def test_a_body_that_is_refused(guarded: Server, source: str, expected: object) -> None:
    """The proxy's own page learns why, as it would without the proxy."""
    more = [*SECURE, "Origin: https://camera", "Transfer-Encoding: chunked", "", "no chunk"]
    assert code(send(guarded, source, *more, start="PUT /echo")) == expected
