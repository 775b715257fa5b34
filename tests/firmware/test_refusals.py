"""Who may read why a request was refused: whatever refused it, the policy decides as for any answer."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.kit.server import LIMITS, Server, Start, make_device, on_cpython, read_all
from tests.kit.talk import CLOSED, FULL, SILENT, Talk
from tests.kit.wire import parse

ALLOWED = b"http://allowed.example"
FOREIGN = b"http://evil.example"
BODY = b"Content-Length: 5\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
SHUT, WAIT = "the client ends", "the client falls silent"

# (what, bytes sent, status, what the client does then). ASK is what the page's browser sends.
CERTAIN = [
    # wire.py, the request line
    ("bad escape", b"METHOD /echo?fps=5% HTTP/1.1\r\nASK\r\n", 400, None),
    ("bad escape in the path", b"METHOD /%zz HTTP/1.1\r\nASK\r\n", 400, None),
    ("bad byte in the target", b"METHOD /echo?\xe9 HTTP/1.1\r\nASK\r\n", 400, None),
    ("fragment in the target", b"METHOD /echo#a HTTP/1.1\r\nASK\r\n", 400, None),
    ("no path for a target", b"METHOD echo HTTP/1.1\r\nASK\r\n", 400, None),
    ("absolute form of another host", b"METHOD http://other/echo HTTP/1.1\r\nASK\r\n", 400, None),
    ("version in words", b"METHOD /echo HTTP/a.b\r\nASK\r\n", 400, None),
    ("version 2.0", b"METHOD /echo HTTP/2.0\r\nASK\r\n", 505, None),
    # wire.py, the headers
    ("control in a value", b"METHOD /echo HTTP/1.1\r\nCookie: a=\x01\r\nASK\r\n", 400, None),
    ("two Content-Types", b"METHOD /echo HTTP/1.1\r\nASK" + 2 * b"Content-Type: a\r\n" + b"\r\n", 400, None),
    ("length in words", b"METHOD /echo HTTP/1.1\r\nASKContent-Length: two\r\n\r\n", 400, None),
    ("two lengths", b"METHOD /echo HTTP/1.1\r\nASK" + 2 * BODY + b"\r\nabcde", 400, None),
    ("length and chunked", b"METHOD /echo HTTP/1.1\r\nASK" + BODY + CHUNKED + b"\r\n0\r\n\r\n", 400, None),
    ("chunked twice", b"METHOD /echo HTTP/1.1\r\nASK" + 2 * CHUNKED + b"\r\n0\r\n\r\n", 400, None),
    ("chunked in HTTP/1.0", b"METHOD /echo HTTP/1.0\r\nASK" + CHUNKED + b"\r\n0\r\n\r\n", 400, None),
    ("other coding", b"METHOD /echo HTTP/1.1\r\nASKTransfer-Encoding: gzip\r\n\r\nab", 501, None),
    ("expectation", b"METHOD /echo HTTP/1.1\r\nASKExpect: the-worst\r\n\r\n", 417, None),
    # inbox.py
    ("long head", b"METHOD /echo HTTP/1.1\r\nASKA: " + b"a" * 9000 + b"\r\n\r\n", 431, None),
    ("endless head", b"METHOD /echo HTTP/1.1\r\nASKA: " + b"a" * 9000, 431, None),
    ("many headers", b"METHOD /echo HTTP/1.1\r\nASK" + 2000 * b"A: 1\r\n" + b"\r\n", 431, None),
    ("body ends early", b"METHOD /echo HTTP/1.1\r\nASK" + BODY + b"\r\nabc", 400, SHUT),
    ("chunks end early", b"METHOD /echo HTTP/1.1\r\nASK" + CHUNKED + b"\r\n5\r\nabc", 400, SHUT),
    # chunked.py
    ("no chunk", b"METHOD /echo HTTP/1.1\r\nASK" + CHUNKED + b"\r\nabc\n", 400, None),
    ("long trailer", b"METHOD /echo HTTP/1.1\r\nASK" + CHUNKED + b"\r\n0\r\nA: " + b"a" * 9000, 431, None),
    # connection.py
    ("head ends early", b"METHOD /echo HTTP/1.1\r\nASKA: 1", 400, SHUT),
    ("head ends before the last LF", b"METHOD /echo HTTP/1.1\r\nASK\r", 400, SHUT),
    ("late head", b"METHOD /echo HTTP/1.1\r\nASKA: 1", 408, WAIT),
    ("late body", b"METHOD /echo HTTP/1.1\r\nASK" + BODY + b"\r\nabc", 408, WAIT),
    ("late chunks", b"METHOD /echo HTTP/1.1\r\nASK" + CHUNKED + b"\r\n5\r\nabc", 408, WAIT),
    ("large body", b"METHOD /echo HTTP/1.1\r\nASKContent-Length: 99999\r\n\r\n", 413, None),
    ("large chunk", b"METHOD /echo HTTP/1.1\r\nASK" + CHUNKED + b"\r\nffff\r\n", 413, None),
    # request.py
    ("query not UTF-8", b"METHOD /echo?a=%ff HTTP/1.1\r\nASK\r\n", 400, None),
]  # fmt: skip

G = b"METHOD /echo HTTP/1.1\r\n"

# (what, bytes sent): two readers may take the page's headers for different ones, or miss them.
AMBIGUOUS = [
    ("Origin twice", G + b"ASKOrigin: http://other.example\r\n\r\n"),
    ("the same Origin twice", G + b"ASKOrigin: " + ALLOWED + b"\r\n\r\n"),
    ("Origin and its other case", G + b"oRIGIN: http://other.example\r\nASK\r\n"),
    ("Host twice", G + b"ASKHost: other\r\n\r\n"),
    ("no Host", G + b"BARE\r\n"),
    ("Host that is none", G + b"Host: a@camera\r\nBARE\r\n"),
    ("two spaces in the request line", b"METHOD  /echo HTTP/1.1\r\nASK\r\n"),
    ("a tab in the request line", b"METHOD /ec\tho HTTP/1.1\r\nASK\r\n"),
    ("a vertical tab in the request line", b"METHOD /ec\x0bho HTTP/1.1\r\nASK\r\n"),
    ("no version", b"METHOD /echo\r\nASK\r\n"),
    ("other protocol", b"METHOD /echo RTSP/1.0\r\nASK\r\n"),
    ("bare LF before", G + b"A: 1\nASK\r\n"),
    ("bare LF after", G + b"ASKA: 1\n\r\n\r\n"),
    ("bare CR before", G + b"A: 1\rASK\r\n"),
    ("bare CR after", G + b"ASKA: 1\r2\r\n\r\n"),
    ("bare LF in the request line", b"METHOD /echo HTTP/1.1\nASK\r\n"),
    ("NUL before", G + b"A: \0\r\nASK\r\n"),
    ("NUL after", G + b"ASKA: \0\r\n\r\n"),
    ("a line without a colon before", G + b"Nonsense\r\nASK\r\n"),
    ("a line without a colon after", G + b"ASKNonsense\r\n\r\n"),
    ("a folded line before", G + b"A: 1\r\n 2\r\nASK\r\n"),
    ("a folded line after", G + b"ASK 2\r\n\r\n"),
    ("a space before a colon", G + b"A : 1\r\nASK\r\n"),
    ("a name that is no token", G + b"A(b): 1\r\nASK\r\n"),
    ("a name that is not ASCII", G + b"\xe9: 1\r\nASK\r\n"),
    ("Origin with a space before its colon", G + b"Host: camera\r\nOrigin : " + ALLOWED + b"\r\n\r\n"),
    ("Origin folded", G + b"Host: camera\r\nOrigin:\r\n " + ALLOWED + b"\r\n\r\n"),
    ("Origin in the body of what is no request", G + b"Host: camera\r\nA\r\n\r\nGET / HTTP/1.1\r\nASK\r\n"),
]  # fmt: skip

PREFLIGHT = b"Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-a\r\n"
READ = {
    "Access-Control-Allow-Origin": ALLOWED.decode(),
    "Access-Control-Expose-Headers": "X-Frame-Id",
}
MAY = {
    "Access-Control-Allow-Origin": ALLOWED.decode(),
    "Access-Control-Allow-Methods": "PUT",
    "Access-Control-Allow-Headers": "x-a",
}

# who -> the method, what the browser says of its page, the status if not the refusal's, Access-Control-*
WHO = {
    "allowed": (b"GET", b"Origin: " + ALLOWED + b"\r\n", None, READ),
    "foreign": (b"GET", b"Origin: " + FOREIGN + b"\r\n", None, {}),
    "none": (b"GET", b"", None, {}),
    "preflight": (b"OPTIONS", b"Origin: " + ALLOWED + b"\r\n" + PREFLIGHT, 204, MAY),
    "foreign preflight": (b"OPTIONS", b"Origin: " + FOREIGN + b"\r\n" + PREFLIGHT, 204, {}),
    "OPTIONS": (b"OPTIONS", b"Origin: " + ALLOWED + b"\r\n", None, READ),
    "foreign write": (b"PUT", b"Origin: " + FOREIGN + b"\r\n", 403, None),
    "foreign Host": (b"GET", b"Origin: " + ALLOWED + b"\r\n", 421, None),
}


def ask(data: bytes, who: str) -> bytes:
    method, says, _, _ = WHO[who]
    host = b"evil.example" if who == "foreign Host" else b"camera"
    data = data.replace(b"METHOD", method, 1).replace(b"BARE", says)
    return data.replace(b"ASK", b"Host: " + host + b"\r\n" + says)


def check(answer: bytes, who: str, status: int, is_last: bool = True) -> dict[str, str]:
    """The answer is the refusal with what the policy gives, and the connection's last."""
    _, _, instead, granted = WHO[who]
    status = instead or status
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert first.startswith(f"HTTP/1.1 {status} ")
    headers = dict(line.split(": ", 1) for line in lines)
    assert len(headers) == len(lines)
    if granted is not None:  # the guards' own answers are tested with the guards
        assert {n: v for n, v in headers.items() if n.startswith("Access-Control-")} == granted
    assert "Origin" in headers["Vary"].split(", ")
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert ("Connection" in headers) is is_last
    if status == 204:
        assert "Access-Control-Request-Headers" in headers["Vary"].split(", ")
        assert body == b""
        assert not {"Content-Type", "Content-Length", "Retry-After", "Allow"} & set(headers)
    else:
        assert int(headers["Content-Length"]) == len(body) > 0
    return headers


ROWS = pytest.mark.parametrize(
    ("data", "status", "end"), [row[1:] for row in CERTAIN], ids=[row[0] for row in CERTAIN]
)


@pytest.mark.parametrize("who", WHO)
@ROWS
def test_a_page_may_read_why(guarded_talk: Talk, data: bytes, status: int, end: str | None, who: str) -> None:
    if who == "OPTIONS" and b"%ff" in data:
        pytest.skip("served: it asks for the path")
    is_last = WHO[who][2] != 204 or b"%ff" not in data  # OPTIONS is about the path
    heard = guarded_talk(ask(data, who), end=CLOSED if end == SHUT or not is_last else SILENT)
    check(heard.answer, who, status, is_last)
    assert (heard.counted["handled"], heard.counted["faults"]) == (0, 0)


@pytest.mark.parametrize("who", ["allowed", "preflight"])
@pytest.mark.parametrize("what", ["bad escape", "endless head", "large body", "chunks end early"])
def test_a_page_may_read_why_over_a_socket(guarded: Server, what: str, who: str) -> None:
    ((data, status, end),) = (row[1:] for row in CERTAIN if row[0] == what)
    with guarded.connect() as client:
        client.sendall(ask(data, who))
        if end == SHUT:
            client.shutdown(socket.SHUT_WR)
        check(read_all(client), who, status)


@pytest.mark.parametrize("who", ["allowed", "preflight"])
@pytest.mark.parametrize("data", [row[1] for row in AMBIGUOUS], ids=[row[0] for row in AMBIGUOUS])
def test_nothing_is_gained_by_what_is_ambiguous(guarded_talk: Talk, data: bytes, who: str) -> None:
    heard = guarded_talk(ask(data, who))
    head = heard.answer.partition(b"\r\n\r\n")[0]
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"Access-Control-" not in head
    assert b"\r\nVary: Accept, Origin" in head
    assert heard.counted["handled"] == 0


@pytest.mark.parametrize("cut", [30, 60])
def test_the_headers_may_come_later(guarded_talk: Talk, cut: int) -> None:
    """A bad request line is not refused before the rest of the head has come, which says who asks."""
    data = ask(b"METHOD /echo?fps=5% HTTP/1.1\r\nASK\r\n", "allowed")
    check(guarded_talk(data[:cut], data[cut:]).answer, "allowed", 400)


# Of a head that was cut, complete lines count.
@pytest.mark.parametrize(
    ("data", "is_granted"),
    [
        (b"GET /echo HTTP/1.1\r\nHost: camera\r\nOrigin: " + ALLOWED + b"\r\n", True),
        (b"GET /echo HTTP/1.1\r\nHost: camera\r\nOrigin: " + ALLOWED + b"\r\n\r", True),
        (b"GET /echo HTTP/1.1\r\nHost: camera\r\nOrigin: " + ALLOWED + b"\r", False),
        (b"GET /echo HTTP/1.1\r\nHost: camera\r\nOrigin: " + ALLOWED, False),
        (b"GET /echo HTTP/1.1\r\nOrigin: " + ALLOWED + b"\r\nHost: cam", False),
    ],
)
def test_complete_lines_count(guarded_talk: Talk, data: bytes, is_granted: bool) -> None:
    check(guarded_talk(data, end=CLOSED).answer, "allowed" if is_granted else "none", 400)


@pytest.mark.parametrize("who", WHO)
def test_without_a_slot(guarded_talk: Talk, who: str) -> None:
    heard = guarded_talk(ask(b"METHOD /echo HTTP/1.1\r\nASK\r\n", who), end=FULL)
    headers = check(heard.answer, who, 503)
    assert ("Retry-After" in headers) is (WHO[who][2] is None)
    assert (heard.counted["handled"], heard.counted["refused"]) == (0, 1)


@pytest.mark.parametrize("who", ["allowed"])
def test_above_the_cap(start: Start, who: str) -> None:
    server = start(is_guarded=True, connections=1)
    with server.connect() as first:
        first.sendall(b"GET /probe HTTP/1.1\r\n")
        headers = check(server.exchange(ask(b"METHOD /echo HTTP/1.1\r\nASK\r\n", who)), who, 503)
        assert ("Retry-After" in headers) is (WHO[who][2] is None)
        first.sendall(b"Host: camera\r\nConnection: close\r\n\r\n")
        assert b'"handled": 0' in read_all(first)


@pytest.mark.parametrize("who", ["allowed", "foreign", "none", "preflight"])
@pytest.mark.parametrize("path", [b"/echo", b"/nothing"])
@pytest.mark.parametrize(
    ("method", "status"), [(b"get", 501), (b"BREW", 501), (b"PATCH", 405), (b"TRACE", 405)]
)
def test_method(guarded_talk: Talk, method: bytes, path: bytes, who: str, status: int) -> None:
    """A method that no route takes; a foreign page's is the write guard's, if it has to be."""
    if who == "preflight":
        says = WHO["allowed"][1] + b"Access-Control-Request-Method: " + method + b"\r\n"
        heard = guarded_talk(
            b"OPTIONS " + path + b" HTTP/1.1\r\nHost: camera\r\n" + says + b"\r\n", end=CLOSED
        )
        got, _, headers, _ = parse(heard.answer)
        assert (got, headers["Access-Control-Allow-Methods"]) == (204, method.decode())
    else:
        data = method + b" " + path + b" HTTP/1.1\r\nHost: camera\r\n" + WHO[who][1] + b"\r\n"
        heard = guarded_talk(data, end=CLOSED)
        got, _, headers, _ = parse(heard.answer)
        is_guards = who == "foreign" and method.upper() not in (b"GET", b"TRACE")
        assert got == (403 if is_guards else status)
        assert headers.get("Access-Control-Allow-Origin") == (ALLOWED.decode() if who == "allowed" else None)
        if got == 405:
            allow = "GET, POST, PUT, DELETE, HEAD, OPTIONS" if path == b"/echo" else "OPTIONS"
            assert headers["Allow"] == allow
    assert heard.counted["handled"] == 0


def test_a_full_heap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The body has no room: 503, which the page may read."""

    def fail(self: object, length: int) -> bytes:
        raise MemoryError

    monkeypatch.setattr("camcors.http.inbox.Inbox.take_body", fail)
    for who in ("allowed", "foreign", "none", "preflight"):
        with on_cpython(LIMITS, is_guarded=True) as server:
            answer = server.exchange(ask(b"METHOD /echo HTTP/1.1\r\nASK" + BODY + b"\r\nabcde", who))
            check(answer, who, 503)


def test_a_hook_that_fails_costs_the_headers_only() -> None:
    """The refusal goes out although what the application makes of it is an exception."""

    async def talk() -> tuple[bytes, int]:
        device = make_device({"linger_ms": 50}, is_guarded=True)

        @device.app.after_error_request
        async def fail(request: object, response: object) -> None:
            raise RuntimeError

        await device.server.start("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*device.server.address())
        writer.write(ask(b"METHOD /%zz HTTP/1.1\r\nASK\r\n", "allowed"))
        answer = await reader.read()
        writer.close()
        await device.server.close()
        return answer, device.server.faults

    answer, faults = asyncio.run(talk())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert faults == 1
