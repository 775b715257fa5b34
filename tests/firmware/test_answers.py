"""Answers on the wire, and HTTP clients that no one here wrote."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Awaitable, Callable

import httpx
import pytest
import urllib3

from camcors.http.parse import parse as parse_head
from microdot import Response
from tests.kit.server import Server, make_device, read_all
from tests.kit.talk import CLOSED, Talk
from tests.kit.wire import ONCE, parse

H = b"Host: camera\r\n" + ONCE
G = b"GET /echo HTTP/1.1\r\n" + H
P = b"POST /echo HTTP/1.1\r\n" + H
FAILURE = b'{"error": "internal server error", "code": "internal"}'
LARGE = b"0123456789" * 30000

# (kind, content, Content-Length is sent, content type)
BODIES = [
    ("bytes", b"abc", True, "text/plain; charset=UTF-8"),
    ("bytearray", b"abc", True, "text/plain; charset=UTF-8"),
    ("view", b"abc", True, "text/plain; charset=UTF-8"),
    ("str", "abcé".encode(), True, "text/plain; charset=UTF-8"),
    ("empty", b"", True, "text/plain; charset=UTF-8"),
    ("list", b"[1, 2]", True, "application/json; charset=UTF-8"),
    ("large", LARGE, True, "text/plain; charset=UTF-8"),
    ("largeview", LARGE, True, "text/plain; charset=UTF-8"),
    ("async", "onetwé34".encode(), False, "text/plain; charset=UTF-8"),
    ("sync", b"onetwo", False, "text/plain; charset=UTF-8"),
    ("nothing", b"", False, "text/plain; charset=UTF-8"),
    ("file", b"f" * 5000, False, "text/plain; charset=UTF-8"),
]


@pytest.mark.parametrize(("kind", "content", "known", "content_type"), BODIES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_body(talk: Talk, method: str, kind: str, content: bytes, known: bool, content_type: str) -> None:
    heard = talk(f"{method} /body/{kind} HTTP/1.1\r\n".encode() + H + b"\r\n")
    status, reason, headers, body = parse(heard.answer)
    expected = {"Content-Type": content_type, "Connection": "close"}
    if known:
        expected["Content-Length"] = str(len(content))
    assert (status, reason, headers) == (200, "OK", expected)
    assert body == (content if method == "GET" else b"")
    assert (heard.counted["opened"], heard.counted["faults"]) == (heard.counted["closed"], 0)


@pytest.mark.parametrize("kind", ["str", "largeview", "async"])
def test_body_over_a_socket(server: Server, kind: str) -> None:
    ((content, known),) = (row[1:3] for row in BODIES if row[0] == kind)
    _, _, headers, body = parse(server.exchange(f"GET /body/{kind} HTTP/1.1\r\n".encode() + H + b"\r\n"))
    assert (headers.get("Content-Length"), body) == (str(len(content)) if known else None, content)


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/status/201", 201, "Created"),
        ("/status/299", 299, "OK"),
        ("/status/404", 404, "Not Found"),
        ("/status/418", 418, "I'm a teapot"),
        ("/status/499", 499, "Bad Request"),
        ("/status/599", 599, "Internal Server Error"),
        ("/reason", 299, "Rather Good"),
        ("/missing", 404, "Not Found"),
    ],
)
def test_reason_phrase(talk: Talk, path: str, status: int, reason: str) -> None:
    assert parse(talk(f"GET {path} HTTP/1.1\r\n".encode() + H + b"\r\n").answer)[:2] == (
        status,
        reason,
    )


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_content(talk: Talk, method: str, status: int) -> None:
    answer = talk(f"{method} /status/{status} HTTP/1.1\r\n".encode() + H + b"\r\n").answer
    assert parse(answer)[2:] == ({"Connection": "close"}, b"")


def test_headers_are_ours_where_they_must_be(talk: Talk) -> None:
    head, _, body = talk(b"GET /cookies HTTP/1.1\r\n" + H + b"\r\n").answer.partition(b"\r\n\r\n")
    assert sorted(head.decode().split("\r\n")) == [
        "Connection: close",
        "Content-Length: 1",
        "Content-Type: text/plain; charset=UTF-8",
        "HTTP/1.1 200 OK",
        "Set-Cookie: a=1",
        "Set-Cookie: b=2",
        "X-Content-Type-Options: nosniff",
    ]
    assert body == b"x"


def test_a_header_cannot_split_the_answer(talk: Talk) -> None:
    for kind in ("crlf", "lf", "cr", "nul", "name"):
        heard = talk(f"GET /split/{kind} HTTP/1.1\r\n".encode() + H + b"\r\n")
        status, _, headers, body = parse(heard.answer)
        assert (status, body) == (500, FAILURE)
        assert sorted(headers) == [
            "Cache-Control",
            "Connection",
            "Content-Length",
            "Content-Type",
            "X-Marked",
        ]
        assert heard.counted["faults"] == 1
        assert "camcors: a connection failed: ValueError(" in heard.lines[-1]


@pytest.mark.parametrize("path", ["/raise", "/hook"])
def test_failing_application(talk: Talk, path: str) -> None:
    status, reason, headers, body = parse(talk(f"GET {path} HTTP/1.1\r\n".encode() + H + b"\r\n").answer)
    assert (status, reason, body) == (500, "Internal Server Error", FAILURE)
    assert headers["X-Marked"] == "yes"


def test_full_heap_in_an_answer_writes_nothing_into_it(talk: Talk) -> None:
    heard = talk(b"GET /body/full HTTP/1.1\r\n" + H + b"\r\n")
    assert (parse(heard.answer)[0], parse(heard.answer)[3]) == (200, b"one")
    assert (heard.counted["faults"], heard.counted["rejected"]) == (1, 0)
    assert heard.counted["opened"] == heard.counted["closed"]


async def split(request: object, response: Response) -> None:
    response.headers["X-Split"] = "a\r\nb"


async def starve(request: object, response: Response) -> None:
    raise MemoryError


STARVED = b'{"error": "the camera has no memory left for this request", "code": "no-memory"}'


@pytest.mark.parametrize(("hook", "expected"), [(split, (500, FAILURE)), (starve, (503, STARVED))])
def test_an_answer_goes_out_although_the_hook_for_errors_fails(
    hook: Callable[..., Awaitable[None]], expected: tuple[int, bytes]
) -> None:
    """It has a header that would split the answer, or finds no memory."""

    async def talk() -> bytes:
        device = make_device({})
        device.app.after_error_request(hook)
        await device.server.start("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*device.server.address())
        writer.write(b"GET /nowhere HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await device.server.close()
        return answer

    assert parse(asyncio.run(talk()))[0::3] == expected


def test_failing_body_ends_only_its_connection(talk: Talk) -> None:
    heard = talk(b"GET /body/failing HTTP/1.1\r\n" + H + b"\r\n")
    assert heard.answer.endswith(b"\r\n\r\none")
    assert heard.counted["faults"] == 1
    assert "the body failed" in heard.lines[-1]
    assert heard.counted["opened"] == heard.counted["closed"]


def test_handler_takes_the_socket(talk: Talk) -> None:
    data = b"GET /take HTTP/1.1\r\n" + H + b"\r\n"
    for pieces in ((b"ab", b"cd", b"tail"), (b"abcd", b"tail"), (b"abcdtail",)):
        heard = talk(data + pieces[0], *pieces[1:], end=CLOSED)
        assert heard.answer == b"HTTP/1.1 200 OK\r\n\r\ntaken:abcdtail"


UPGRADE = (
    b"GET /websocket HTTP/1.1\r\nHost: camera\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)  # the key and its answer stand in RFC 6455 section 1.3
UPGRADED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
TEXT, BINARY, CLOSE, PING, PONG = b"\x81", b"\x82", b"\x88", b"\x89", b"\x8a"


def frame(kind: bytes, payload: bytes, mask: bool) -> bytes:
    """A WebSocket frame; a client masks, here with zeros."""
    size = len(payload)
    length = bytes([size | mask << 7]) if size < 126 else bytes([126 | mask << 7]) + size.to_bytes(2, "big")
    return kind + length + bytes(4 * mask) + payload


def test_websocket(server: Server) -> None:
    """microdot's, over request.sock: the first frame comes with the handshake, another one in pieces."""
    before = server.probe()
    expected = UPGRADED + frame(TEXT, b"first", False)
    with server.connect() as client:
        client.sendall(UPGRADE + frame(TEXT, b"first", True))
        for kind, payload, answer in (
            (TEXT, "zweité".encode(), TEXT),
            (BINARY, b"b" * 3000, BINARY),
            (PING, b"p", PONG),
        ):
            data = frame(kind, payload, True)
            for start in range(0, len(data), 1000):
                client.sendall(data[start : start + 1000])
            expected += frame(answer, payload, False)
        client.sendall(frame(CLOSE, b"", True))
        assert read_all(client) == expected + frame(CLOSE, b"", False)
    after = server.wait(lambda probe: probe["connections"] == 1)
    names = ("connections", "faults", "lines")
    assert [after[name] for name in names] == [1, before["faults"], before["lines"]]


def echo(answer: bytes) -> dict[str, object]:
    status, _, _, body = parse(answer)
    assert status == 200
    return json.loads(body)


def test_request_as_the_handler_sees_it(server: Server) -> None:
    with server.connect() as client:
        port = client.getsockname()[1]
        client.sendall(
            b"PUT /echo?a=%41+b&c HTTP/1.1\r\nHOST:  camera:80\t\r\nX-One: 1\r\nx-one: 2\r\n"
            b"Cookie: a=1\r\nCookie: b=2\r\nEmpty:\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
        )
        seen = echo(read_all(client))
    assert seen == {
        "method": "PUT",
        "path": "/echo",
        "query": "a=%41+b&c",
        "args": {"a": "A b", "c": ""},
        "headers": {
            "host": "camera:80",
            "x-one": "1, 2",
            "cookie": "a=1; b=2",
            "empty": "",
            "content-length": "3",
            "connection": "close",
        },
        "body": "abc",
        "client": "127.0.0.1",
        "port": port,
        "version": "1.1",
        "scheme": "http",
        "is_proxied": False,
    }


# (what, bytes sent, version, body)
GOOD = [
    ("HTTP/1.0 without Host", b"GET /echo HTTP/1.0\r\n\r\n", "1.0", ""),
    ("an empty line before it", b"\r\n" + G + b"\r\n", "1.1", ""),
    ("IPv6 Host", b"GET /echo HTTP/1.1\r\nHost: [::1]:8080\r\n" + ONCE + b"\r\n", "1.1", ""),
    ("body with GET", G + b"Content-Length: 2\r\n\r\nab", "1.1", "ab"),
    ("length with zeros", P + b"Content-Length: 0002\r\n\r\nab", "1.1", "ab"),
    ("no space after the colon", G + b"A:1\r\n\r\n", "1.1", ""),
    (
        "characters that browsers leave",
        b'GET /echo?a=[|]^{}"<> HTTP/1.1\r\n' + H + b"\r\n",
        "1.1",
        "",
    ),
    ("absolute form", b"GET http://camera/echo HTTP/1.1\r\n" + H + b"\r\n", "1.1", ""),
    ("absolute form in capitals", b"GET HTTP://CAMERA/echo HTTP/1.1\r\n" + H + b"\r\n", "1.1", ""),
    (
        "absolute form with a port",
        b"GET http://[::1]:8080/echo?/ HTTP/1.1\r\nHost: [::1]:8080\r\n" + ONCE + b"\r\n",
        "1.1",
        "",
    ),
    ("absolute form in HTTP/1.0", b"GET http://camera/echo HTTP/1.0\r\n" + H + b"\r\n", "1.0", ""),
    ("bytes after the body are not part of it", P + b"Content-Length: 2\r\n\r\nabcd", "1.1", "ab"),
]


# (method, path, status): RFC 9110 sections 9.1, 15.5.6, 15.6.2. Routes take GET, POST, PUT, DELETE, QUERY.
METHODS = [
    ("GET", "/echo", 200),
    ("HEAD", "/echo", 200),
    ("QUERY", "/query", 200),
    ("QUERY", "/echo", 405),
    ("QUERY", "/nothing", 404),
    ("DELETE", "/query", 405),
    ("DELETE", "/nothing", 404),
    ("PATCH", "/echo", 405),
    ("PATCH", "/nothing", 405),
    ("CONNECT", "/echo", 405),
    ("TRACE", "/nothing", 405),
    ("OPTIONS", "/nothing", 200),
    ("Get", "/echo", 501),
    ("query", "/query", 501),
    ("PROPFIND", "/echo", 501),
    ("GETS", "/echo", 501),
    ("G", "/echo", 501),
]


@pytest.mark.parametrize(("method", "path", "status"), METHODS)
def test_method(talk: Talk, method: str, path: str, status: int) -> None:
    heard = talk(f"{method} {path} HTTP/1.1\r\n".encode() + H + b"\r\n")
    got, _, headers, body = parse(heard.answer)
    assert got == status
    if status == 405:
        allow = {"/echo": "GET, POST, PUT, DELETE, HEAD, OPTIONS", "/query": "QUERY, OPTIONS"}
        assert headers["Allow"] == allow.get(path, "OPTIONS")
        assert json.loads(body) == {
            "error": "this path takes " + headers["Allow"],
            "code": "wrong-method",
        }
    assert heard.counted["handled"] == (status == 200 and path == "/echo")


# (target, path, query)
ABSOLUTE = [
    ("http://camera/echo", "/echo", None),
    ("http://camera/echo?a=//b", "/echo", "a=//b"),
    ("http://camera//echo", "//echo", None),
    ("http://camera", "/", None),
    ("http://camera?a=/b", "/", "a=/b"),
    ("hTTp://cAMERA/%41", "/%41", None),
]


@pytest.mark.parametrize(("target", "path", "query"), ABSOLUTE)
def test_absolute_form(target: str, path: str, query: str | None) -> None:
    found = parse_head(f"GET {target} HTTP/1.1\r\nHost: camera".encode())[1]
    assert found == path + ("" if query is None else "?" + query)


@pytest.mark.parametrize(("data", "version", "body"), [row[1:] for row in GOOD], ids=[row[0] for row in GOOD])
def test_served(talk: Talk, data: bytes, version: str, body: str) -> None:
    seen = echo(talk(data).answer)
    assert (seen["version"], seen["body"]) == (version, body)


def test_expect_100_continue(server: Server) -> None:
    with server.connect() as client:
        client.sendall(P + b"Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"ab")
        assert echo(read_all(client))["body"] == "ab"


def test_expect_over_the_limit_asks_for_nothing(talk: Talk) -> None:
    answer = talk(P + b"Expect: 100-continue\r\nContent-Length: 999999\r\n\r\n").answer
    assert parse(answer)[0] == 413


def test_expect_on_http_1_0_is_ignored(talk: Talk) -> None:
    answer = talk(b"PUT /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab").answer
    assert echo(answer)["body"] == "ab"


def test_client_that_vanishes_in_an_answer(server: Server) -> None:
    before = server.probe()
    for _ in range(5):
        with server.connect() as client:
            client.sendall(b"GET /body/endless HTTP/1.1\r\n" + H + b"\r\n")
            assert client.recv(100)
    after = server.wait(lambda probe: probe["vanished"] == before["vanished"] + 5)
    assert after["vanished"] == before["vanished"] + 5
    assert (after["opened"], after["faults"]) == (after["closed"], before["faults"])


def test_client_that_reads_nothing_is_dropped(server: Server) -> None:
    before = server.probe()
    with server.connect() as client:
        client.sendall(b"GET /body/flood HTTP/1.1\r\n" + H + b"\r\n")
        after = server.wait(lambda probe: probe["closed"] > before["closed"])
    assert after["timeouts"] == before["timeouts"] + 1
    assert after["closed"] == after["opened"]
    assert (after["vanished"], after["faults"]) == (before["vanished"], before["faults"])


@pytest.mark.parametrize("size", [0, 10, 16384])
def test_httpx(server: Server, size: int) -> None:
    answer = httpx.put(server.url + "/echo?q=é", content=b"b" * size, headers={"X-A": "1"})
    assert answer.status_code == 200
    assert answer.json()["body"] == "b" * size
    assert answer.json()["args"] == {"q": "é"}


def test_httpx_reads_413(patient: Server) -> None:
    answer = httpx.put(patient.url + "/echo", content=b"b" * 200_000)
    assert answer.status_code == 413
    assert answer.json() == {
        "error": "the body is longer than 16384 bytes, limits.body_bytes of /camera.json",
        "code": "body-too-large",
    }


def test_urllib3(server: Server) -> None:
    with urllib3.PoolManager() as pool:
        for _ in range(3):
            answer = pool.request("GET", server.url + "/body/large", retries=False)
            assert (answer.status, answer.data) == (200, LARGE)


def test_http_client(server: Server) -> None:
    for method, path, body, expected in (
        ("GET", "/body/async", None, "onetwé34".encode()),
        ("HEAD", "/body/large", None, b""),
        ("OPTIONS", "/echo", None, b""),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request(method, path, body)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, expected)
        connection.close()
