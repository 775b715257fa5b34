"""What is not a request: the right status, a closed connection, no handler, the next one served."""

from __future__ import annotations

import contextlib
import random
import re
import socket
import threading

import pytest

from tests.kit.server import Client, Server, Start, read_all
from tests.kit.talk import CLOSED, Heard, Talk
from tests.kit.wire import ONCE, G, H, P, check_refusal, parse

TLS = bytes.fromhex("16030100c4010000c00303") + bytes(range(200))

# (what, bytes sent, status). The request is to /echo, whose handler counts.
BAD = [
    # The request line, RFC 9112 section 3.
    ("only line ends", b"\r\n\r\n\r\n", 400),
    ("HTTP/0.9", b"GET /echo\r\n\r\n", 400),
    ("no target", b"GET HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("two spaces", b"GET  /echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("space at the end", b"GET /echo HTTP/1.1 \r\n" + H + b"\r\n", 400),
    ("space before the method", b" GET /echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("tab instead of space", b"GET\t/echo\tHTTP/1.1\r\n" + H + b"\r\n", 400),
    ("space in the target", b"GET /ec ho HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("method no token", b"G@T /echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("method not ASCII", "GËT /echo HTTP/1.1\r\n".encode() + H + b"\r\n", 400),
    ("no method", b" /echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("version in lower case", b"GET /echo http/1.1\r\n" + H + b"\r\n", 400),
    ("version without number", b"GET /echo HTTP/\r\n" + H + b"\r\n", 400),
    ("version with words", b"GET /echo HTTP/a.b\r\n" + H + b"\r\n", 400),
    ("version too long", b"GET /echo HTTP/1.10\r\n" + H + b"\r\n", 400),
    ("version 1,1", b"GET /echo HTTP/1,1\r\n" + H + b"\r\n", 400),
    ("other protocol", b"GET /echo RTSP/1.0\r\n" + H + b"\r\n", 400),
    ("version 0.9", b"GET /echo HTTP/0.9\r\n" + H + b"\r\n", 505),
    ("version 1.2", b"GET /echo HTTP/1.2\r\n" + H + b"\r\n", 505),
    ("version 2.0", b"GET /echo HTTP/2.0\r\n" + H + b"\r\n", 505),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    # The target, RFC 9112 section 3.2.
    ("absolute form", b"GET http://evil.example/echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("absolute form, https", b"GET https://camera/echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("absolute form, other scheme", b"GET ftp://camera/echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("absolute form, other port", b"GET http://camera:81/echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("absolute form, longer name", b"GET http://camera.evil.example/echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("absolute form, user", b"GET http://a@camera/echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("absolute form, user is the Host", b"GET http://camera@evil/echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("absolute form, backslash", b"GET http://camera\\@evil/echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("absolute form, no host", b"GET http:///echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("absolute form, no Host", b"GET http://camera/echo HTTP/1.0\r\n\r\n", 400),
    ("absolute form, one slash", b"GET http:/camera/echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("authority form", b"CONNECT evil.example:443 HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("asterisk form", b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("relative target", b"GET echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("fragment in the target", b"GET /echo#x HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("target not ASCII", "GET /echo?é HTTP/1.1\r\n".encode() + H + b"\r\n", 400),
    ("control in the target", b"GET /echo?\x7f HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("percent alone", b"GET /echo?a=% HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("percent with one digit", b"GET /echo?a=%4 HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("percent with no hex", b"GET /echo?a=%zz HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("percent with a sign", b"GET /echo?a=%-1 HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("percent in the path", b"GET /%gg HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("query not UTF-8", b"GET /echo?a=%ff%fe HTTP/1.1\r\n" + H + b"\r\n", 400),
    # Line ends and characters, RFC 9112 section 2.2.
    ("bare LF everywhere", b"GET /echo HTTP/1.1\nHost: camera\n\r\n\r\n", 400),
    ("bare LF after a header", G + b"A: 1\nB: 2\r\n\r\n", 400),
    ("bare CR in a value", G + b"A: 1\rB: 2\r\n\r\n", 400),
    ("CR CR LF", G + b"A: 1\r\r\n\r\n", 400),
    ("NUL in a value", G + b"A: 1\0\r\n\r\n", 400),
    ("NUL in the target", b"GET /echo\0 HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("first control in a value", G + b"A: 1\x01\r\n\r\n", 400),
    ("vertical tab in a value", G + b"A: 1\x0b2\r\n\r\n", 400),
    ("form feed before a value", G + b"A:\x0c1\r\n\r\n", 400),
    ("ESC in a value", G + b"A: \x1b[2J\r\n\r\n", 400),
    ("DEL in a value", G + b"A: 1\x7f\r\n\r\n", 400),
    ("control in a value that is not ASCII", G + b"A: \xe9\x1f\r\n\r\n", 400),
    ("name not UTF-8", G + b"\xe9: 1\r\n\r\n", 400),
    ("method not UTF-8", b"G\xcbT /echo HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("Host not UTF-8", b"GET /echo HTTP/1.1\r\nHost: cam\xe9ra\r\n\r\n", 400),
    ("Content-Length not UTF-8", P + b"Content-Length: \xb2\r\n\r\nab", 400),
    ("Transfer-Encoding not UTF-8", P + b"Transfer-Encoding: chunked\xa0\r\n\r\n0\r\n\r\n", 501),
    ("Transfer-Encoding with the Kelvin sign", P + "Transfer-Encoding: chun\u212aed\r\n\r\n".encode(), 501),
    # Header lines, RFC 9112 section 5.
    ("no colon", G + b"Nonsense\r\n\r\n", 400),
    ("empty name", G + b": 1\r\n\r\n", 400),
    ("space before the colon", G + b"A : 1\r\n\r\n", 400),
    ("tab before the colon", G + b"A\t: 1\r\n\r\n", 400),
    ("folded with a space", G + b"A: 1\r\n b\r\n\r\n", 400),
    ("folded with a tab", G + b"A: 1\r\n\tb: c\r\n\r\n", 400),
    ("folded first line", b"GET /echo HTTP/1.1\r\n Host: camera\r\n\r\n", 400),
    ("name no token", G + b"A(b): 1\r\n\r\n", 400),
    ("name not ASCII", G + "Ä: 1\r\n\r\n".encode(), 400),
    # Host, RFC 9112 section 3.2.
    ("no Host", b"GET /echo HTTP/1.1\r\n\r\n", 400),
    ("two Hosts", G + H + b"\r\n", 400),
    ("two Hosts, other case", G + b"hOST: other\r\n\r\n", 400),
    ("two Hosts on HTTP/1.0", b"GET /echo HTTP/1.0\r\n" + H + H + b"\r\n", 400),
    ("empty Host", b"GET /echo HTTP/1.1\r\nHost:\r\n\r\n", 400),
    ("Host with a path", b"GET /echo HTTP/1.1\r\nHost: camera/x\r\n\r\n", 400),
    ("Host with userinfo", b"GET /echo HTTP/1.1\r\nHost: a@camera\r\n\r\n", 400),
    ("Host with a comma", b"GET /echo HTTP/1.1\r\nHost: a,camera\r\n\r\n", 400),
    ("Host with a space", b"GET /echo HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    # Once only.
    ("two Origins", G + b"Origin: http://a\r\nOrigin: http://b\r\n\r\n", 400),
    ("two Authorizations", G + b"Authorization: a\r\nAuthorization: b\r\n\r\n", 400),
    ("two Content-Types", G + b"Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n", 400),
    # The body's length, RFC 9112 section 6.
    ("two Content-Lengths", P + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc", 400),
    ("two same Content-Lengths", P + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", 400),
    ("list of Content-Lengths", P + b"Content-Length: 2, 2\r\n\r\nab", 400),
    ("negative Content-Length", P + b"Content-Length: -1\r\n\r\n", 400),
    ("signed Content-Length", P + b"Content-Length: +2\r\n\r\nab", 400),
    ("hexadecimal Content-Length", P + b"Content-Length: 0x2\r\n\r\nab", 400),
    ("Content-Length 1_0", P + b"Content-Length: 1_0\r\n\r\n0123456789", 400),
    ("Content-Length in other digits", P + "Content-Length: ２\r\n\r\nab".encode(), 400),
    ("Content-Length with a point", P + b"Content-Length: 2.0\r\n\r\nab", 400),
    ("empty Content-Length", P + b"Content-Length:\r\n\r\n", 400),
    ("unknown coding", P + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    ("empty Transfer-Encoding", P + b"Transfer-Encoding:\r\n\r\n", 501),
    ("gzip, chunked", P + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    ("chunked, identity", P + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 501),
    ("chunked in a list", P + b"Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", 501),
    ("chunked with a parameter", P + b"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", 501),
    ("chunked in quotes", P + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n', 501),
    ("chunked twice", P + 2 * b"Transfer-Encoding: chunked\r\n" + b"\r\n0\r\n\r\n", 400),
    (
        "length and chunked",
        P + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "chunked and length",
        P + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "chunked on HTTP/1.0",
        b"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    ("unknown expectation", P + b"Expect: the-worst\r\nContent-Length: 2\r\n\r\nab", 417),
    # Methods, RFC 9110 section 9.1.
    ("get", b"get /echo HTTP/1.1\r\n" + H + b"\r\n", 501),
    ("pUt", b"pUt /echo HTTP/1.1\r\n" + H + b"Content-Length: 2\r\n\r\nab", 501),
    ("head", b"head /echo HTTP/1.1\r\n" + H + b"\r\n", 501),
    ("options", b"options /echo HTTP/1.1\r\n" + H + b"\r\n", 501),
    ("unknown method", b"BREW /echo HTTP/1.1\r\n" + H + b"\r\n", 501),
    ("unknown method, unknown path", b"BREW /nothing HTTP/1.1\r\n" + H + b"\r\n", 501),
    ("a method of ours in other letters", b"QuErY /query HTTP/1.1\r\n" + H + b"\r\n", 501),
    # Not HTTP at all; these are answered although the head is not finished.
    ("binary", b"\x00\x01\x02\x03", 400),
    ("plain text", b"hello\r\n", 400),
    ("SSH", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\n", 400),
    ("JSON", b'{"jsonrpc": "2.0"}', 400),
    ("one long word", b"a" * 100, 400),
    # Too much.
    (
        "head of 8 KB and one byte",
        G + b"A: " + b"a" * (8192 - len(G) - 3 - 4 + 1) + b"\r\n\r\n",
        431,
    ),
    ("long target", b"GET /echo?" + b"a" * 9000 + b" HTTP/1.1\r\n" + H + b"\r\n", 431),
    ("many headers", G + b"".join(b"A%d: 1\r\n" % i for i in range(1200)) + b"\r\n", 431),
    ("endless header", G + b"A: " + b"a" * 20000, 431),
]


def check_counts(heard: Heard, **expected: int) -> None:
    """What is not named was not counted."""
    names = ("handled", "requests", "rejected", "timeouts", "faults")
    assert {name: heard.counted[name] for name in names} == {**dict.fromkeys(names, 0), **expected}


@pytest.mark.parametrize(("data", "status"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_refused(talk: Talk, data: bytes, status: int) -> None:
    heard = talk(data)
    check_refusal(heard.answer, status)
    check_counts(heard, rejected=1)


HELLOS = [
    ("TLS", TLS, 400),
    ("TLS with an empty line in it", TLS + b"\r\n\r\n", 400),
    ("the first byte of TLS, and nothing of it", b"\x16 / HTTP/1.1\r\n\r\n", 400),
]
ALERT = bytes.fromhex("15 0301 0002 02 46")  # RFC 5246 section 7.2: fatal, protocol_version


@pytest.mark.parametrize("data", [row[1] for row in HELLOS], ids=[row[0] for row in HELLOS])
def test_who_begins_with_tls_is_told_as_tls_tells(talk: Talk, data: bytes) -> None:
    """Here HTTP is plain; words would mean nothing to that client."""
    heard = talk(data)
    assert heard.answer == ALERT
    check_counts(heard, rejected=1)


def test_who_begins_with_tls_is_told_over_a_socket(server: Server) -> None:
    assert server.exchange(TLS) == ALERT


# A handful of each table, over real sockets.
OVER_SOCKETS = ("no target", "bare LF everywhere", "two Hosts", "unknown method", "endless header")


@pytest.mark.parametrize(("data", "status"), [r[1:] for r in BAD if r[0] in OVER_SOCKETS], ids=OVER_SOCKETS)
def test_refused_over_a_socket(server: Server, data: bytes, status: int) -> None:
    before = server.probe()
    check_refusal(server.exchange(data), status)
    after = server.probe()
    assert after["handled"] == before["handled"]
    assert after["requests"] == before["requests"] + 1  # the probe itself
    assert after["rejected"] == before["rejected"] + 1
    assert after["faults"] == before["faults"]


GOOD = b"GET /status/201 HTTP/1.1\r\n" + H + b"\r\n"


@pytest.mark.parametrize("is_pipelined", [False, True], ids=["after", "pipelined"])
@pytest.mark.parametrize(
    ("data", "status"), [row[1:] for row in BAD + HELLOS], ids=[row[0] for row in BAD + HELLOS]
)
def test_refused_as_second_request(talk: Talk, data: bytes, status: int, is_pipelined: bool) -> None:
    """The good request before it is answered first, and nothing after it reaches a handler."""
    heard = talk(GOOD + data) if is_pipelined else talk(GOOD, data)
    check_refusal(after_good(heard.answer), status)
    check_counts(heard, requests=1, rejected=1)


def after_good(answer: bytes) -> bytes:
    """What follows the answer to GOOD."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201 ") and b"\r\nConnection:" not in head
    assert rest.startswith(b"body")
    return rest[4:]


HIDDEN = b"GET /echo?hidden HTTP/1.1\r\n" + H + b"\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n" % len(HIDDEN)
POST = b"POST /%b HTTP/1.1\r\n" + H

# (what, a request with HIDDEN for its body, status)
CARRIERS = [
    ("a handler that takes it", P + LENGTH + HIDDEN, 200),
    ("GET", G + LENGTH + HIDDEN, 200),
    ("HEAD", b"HEAD /echo HTTP/1.1\r\n" + H + LENGTH + HIDDEN, 200),
    ("OPTIONS", b"OPTIONS /echo HTTP/1.1\r\n" + H + LENGTH + HIDDEN, 200),
    ("no such path", POST % b"nothing" + LENGTH + HIDDEN, 404),
    ("no such method there", POST % b"status/201" + LENGTH + HIDDEN, 405),
    ("a handler that fails", b"GET /raise HTTP/1.1\r\n" + H + LENGTH + HIDDEN, 500),
    ("a hook that fails", b"GET /hook HTTP/1.1\r\n" + H + LENGTH + HIDDEN, 500),
    ("a header that would split", b"GET /split/crlf HTTP/1.1\r\n" + H + LENGTH + HIDDEN, 500),
    ("no content", b"GET /status/204 HTTP/1.1\r\n" + H + LENGTH + HIDDEN, 204),
]


@pytest.mark.parametrize("cut", [0, 1, len(HIDDEN) - 1, len(HIDDEN)])
@pytest.mark.parametrize(("data", "status"), [row[1:] for row in CARRIERS], ids=[row[0] for row in CARRIERS])
def test_body_is_never_a_request(talk: Talk, data: bytes, status: int, cut: int) -> None:
    """Whatever becomes of the request, wherever the network cuts it: the next one begins after its body."""
    at = len(data) - cut
    heard = talk(data[:at], data[at:] + GOOD, end=CLOSED)
    assert re.findall(rb"HTTP/1\.1 (\d+) ", heard.answer) == [b"%d" % status, b"201"]
    takes_it = status == 200 and not data.startswith(b"OPTIONS")
    check_counts(heard, handled=takes_it, requests=2, faults=heard.counted["faults"])


CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"

# (what, the headers, status): HIDDEN follows, where another reader might see a request.
SMUGGLED = [
    ("CL.CL", b"Content-Length: 0\r\nContent-Length: 9\r\n\r\n", 400),
    ("CL.CL in one line", b"Content-Length: 0, 9\r\n\r\n", 400),
    ("CL.TE", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("TE.CL", b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
    ("TE.TE", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", 400),
    ("TE with a vertical tab", b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", 400),
    ("TE with a no-break space", b"Transfer-Encoding:\xa0chunked\r\n\r\n0\r\n\r\n", 501),
    ("chunk ends in a bare LF", CHUNKED + b"1\na\r\n0\r\n\r\n", 400),
    ("chunk's data without its end", CHUNKED + b"1\r\nab\r\n0\r\n\r\n", 400),
    ("chunk's data ends in a bare LF", CHUNKED + b"1\r\na\n0\r\n\r\n", 400),
    ("chunk longer than its size", CHUNKED + b"0\r\nGET / HTTP/1.1\r\n\r\n", 400),
    ("negative chunk", CHUNKED + b"-1\r\n\r\n", 400),
    ("chunk with 0x", CHUNKED + b"0x0\r\n\r\n", 400),
    ("extension hides a line", CHUNKED + b"1;a\nb\r\na\r\n0\r\n\r\n", 400),
    ("extension hides a CR", CHUNKED + b"1;a\rb\r\na\r\n0\r\n\r\n", 400),
    ("trailer that is a request", CHUNKED + b"0\r\nGET /echo?hidden HTTP/1.1\r\n\r\n", 400),
    ("last chunk with bare LFs", CHUNKED + b"0\n\n", 400),
    ("TE with a space before the colon", b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    ("TE in a folded line", b"A: 1\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("TE after a bare LF", b"A: 1\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("length with a sign", b"Content-Length: +0\r\n\r\n", 400),
    ("length in hex", b"Content-Length: 0x0\r\n\r\n", 400),
    ("length with a space in it", b"Content-Length: 0 9\r\n\r\n", 400),
    ("length with a form feed", b"Content-Length: \x0c0\r\n\r\n", 400),
    ("length after a bare CR", b"A: 1\rContent-Length: 0\r\n\r\n", 400),
    ("length folded", b"Content-Length:\r\n 0\r\n\r\n", 400),
    ("length after a NUL", b"Content-Length: 0\0\r\n\r\n", 400),
    ("length with a space before the colon", b"Content-Length : 0\r\n\r\n", 400),
    ("second Host", b"Host: other\r\n\r\n", 400),
    ("head ends in bare LFs", b"A: 1\n\n", 400),
    ("length over the limit", b"Content-Length: 99999\r\n\r\n", 413),
    ("expectation unknown", b"Expect: x\r\n\r\n", 417),
]


@pytest.mark.parametrize("first", [b"", GOOD], ids=["first", "second"])
@pytest.mark.parametrize(("data", "status"), [row[1:] for row in SMUGGLED], ids=[row[0] for row in SMUGGLED])
def test_nothing_is_smuggled(talk: Talk, data: bytes, status: int, first: bytes) -> None:
    heard = talk(first + P + data + HIDDEN + GOOD)
    answer = after_good(heard.answer) if first else heard.answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert parse(answer)[0] == status
    assert parse(answer)[2]["Connection"] == "close"
    is_dispatched = status == 413
    check_counts(heard, requests=bool(first) + is_dispatched, rejected=not is_dispatched)


@pytest.mark.parametrize("what", ["CL.TE", "TE.CL", "chunk longer than its size", "length over the limit"])
def test_nothing_is_smuggled_over_a_socket(server: Server, what: str) -> None:
    ((data, status),) = (row[1:] for row in SMUGGLED if row[0] == what)
    before = server.probe()
    with Client(server) as client:
        client.send(P + data + HIDDEN + GOOD)
        assert client.rest().count(b"HTTP/1.1 ") == 1
        assert parse(client.data)[0] == status
        assert parse(client.data)[2]["Connection"] == "close"
    after = server.probe()
    assert after["handled"] == before["handled"]
    assert after["requests"] - before["requests"] == 1 + (status == 413)


def test_table_is_large() -> None:
    assert len(BAD) >= 60
    assert len({row[0] for row in BAD}) == len(BAD)


# (what, bytes sent before the client's half is closed, status or None for a silent close)
ENDED = [
    ("nothing", b"", None),
    ("half a line", b"GET /ec", 400),
    ("half a head", G, 400),
    ("all but the last LF", G + b"\r", 400),
    ("half a body", P + b"Content-Length: 10\r\n\r\nabcde", 400),
    ("no body", P + b"Content-Length: 10\r\n\r\n", 400),
]


@pytest.mark.parametrize(("data", "status"), [row[1:] for row in ENDED], ids=[row[0] for row in ENDED])
def test_ended_early(talk: Talk, data: bytes, status: int | None) -> None:
    heard = talk(data, end=CLOSED)
    if status is None:
        assert heard.answer == b""
    else:
        check_refusal(heard.answer, status)
    check_counts(heard, rejected=status is not None)


@pytest.mark.parametrize(
    ("data", "status"), [(b"", None), (G, 400), (P + b"Content-Length: 10\r\n\r\nabc", 400)]
)
def test_ended_early_over_a_socket(server: Server, data: bytes, status: int | None) -> None:
    with server.connect() as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        answer = read_all(client)
    if status is None:
        assert answer == b""
    else:
        check_refusal(answer, status)


# (what, bytes sent before the client falls silent, status or None)
SILENT = [
    ("nothing", b"", None),
    ("half a line end", b"\r", None),
    ("only a line end", b"\r\n", None),
    ("half a line", b"GET /ec", 408),
    ("half a head", G, 408),
    ("half a body", P + b"Content-Length: 10\r\n\r\nabcde", 408),
]


@pytest.mark.parametrize(("data", "status"), [row[1:] for row in SILENT], ids=[row[0] for row in SILENT])
def test_silent_client(talk: Talk, data: bytes, status: int | None) -> None:
    heard = talk(data)
    if status is None:
        assert heard.answer == b""
    else:
        check_refusal(heard.answer, status)
    check_counts(heard, timeouts=1, rejected=status is not None)


def test_silent_clients_over_a_socket(hasty: Server) -> None:
    before = hasty.probe()
    with hasty.connect() as silent, hasty.connect() as begun:
        begun.sendall(G)
        assert read_all(silent) == b""
        check_refusal(read_all(begun), 408)
    assert hasty.probe()["timeouts"] == before["timeouts"] + 2


def test_slow_head_is_cut_although_it_moves(hasty: Server) -> None:
    before = hasty.probe()
    with hasty.connect() as client:
        client.setblocking(True)
        client.sendall(b"GET /echo HTTP/1.1\r\nA: ")
        done = threading.Event()

        def drip() -> None:
            with contextlib.suppress(OSError):
                while not done.wait(0.05):
                    client.sendall(b"a")

        thread = threading.Thread(target=drip)
        thread.start()
        answer = b""
        with contextlib.suppress(ConnectionResetError):  # it goes on sending after the end
            while block := client.recv(65536):
                answer += block
        done.set()
        thread.join()
    check_refusal(answer, 408)
    after = hasty.probe()
    assert after["handled"] == before["handled"]
    assert after["timeouts"] == before["timeouts"] + 1


def test_head_of_8_kb_is_served(talk: Talk) -> None:
    filler = b"A: " + b"a" * (8192 - len(G + ONCE) - 3 - 4)
    data = G + ONCE + filler + b"\r\n\r\n"
    assert len(data) == 8192
    assert parse(talk(data).answer)[0] == 200


@pytest.mark.parametrize("seed", range(4))
def test_two_megabytes_of_garbage(server: Server, seed: int) -> None:
    garbage = random.Random(seed).randbytes(2_000_000)
    if seed % 2:
        garbage = b"GET /echo " + garbage.replace(b"\r\n\r\n", b"")
    before = server.probe()
    with server.connect() as client, contextlib.suppress(ConnectionError):
        client.sendall(garbage)
        answer = read_all(client)
        assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 431")
    after = server.probe()
    assert after["handled"] == before["handled"]
    assert after["rejected"] == before["rejected"] + 1
    assert after["faults"] == before["faults"]


def test_random_starts_reach_no_handler(talk: Talk) -> None:
    source = random.Random(7)
    for _ in range(60):
        heard = talk(source.randbytes(source.randrange(1, 60)) + b"\r\n\r\n", end=CLOSED)
        assert heard.answer[:10] == b"HTTP/1.1 4"
        assert (heard.counted["handled"], heard.counted["faults"]) == (0, 0)


@pytest.mark.parametrize("size", [16385, 100_000, 250_000])
def test_body_over_the_limit(patient: Server, size: int) -> None:
    """413 passes the application's hooks, and is readable though the body is not read."""
    before = patient.probe()
    data = P + b"Content-Length: %d\r\n\r\n" % size + b"b" * size
    status, reason, headers, body = parse(patient.exchange(data))
    assert (status, reason) == (413, "Content Too Large")
    assert b"longer than 16384 bytes" in body
    assert headers["X-Marked"] == "yes"
    assert headers["Connection"] == "close"
    assert patient.probe()["handled"] == before["handled"]


@pytest.mark.parametrize("digits", ["99999999999999999999", "9" * 5000])
def test_huge_content_length(talk: Talk, digits: str) -> None:
    status, _, headers, _ = parse(talk(P + b"Content-Length: " + digits.encode() + b"\r\n\r\n").answer)
    assert (status, headers["X-Marked"]) == (413, "yes")


def test_body_at_the_limit(talk: Talk) -> None:
    data = P + ONCE + b"Content-Length: 16384\r\n\r\n" + b"b" * 16384
    status, _, _, body = parse(talk(data).answer)
    assert status == 200
    assert b'"' + b"b" * 16384 + b'"' in body


def test_connections_over_the_cap(start: Start) -> None:
    server = start(connections=2, head_timeout_ms=20000)
    with server.connect() as first, server.connect() as second:
        # Both are accepted before the third, since accepting keeps the order of connecting.
        first.sendall(b"GET /probe HTTP/1.1\r\n")
        second.sendall(b"GET /probe HTTP/1.1\r\n")
        status, reason, headers, _ = parse(server.exchange(b"GET /probe HTTP/1.1\r\n" + H + b"\r\n"))
        assert (status, reason) == (503, "Service Unavailable")
        assert headers["Retry-After"] == "2"
        assert headers["Connection"] == "close"
        head = parse(server.exchange(b"HEAD /probe HTTP/1.1\r\n" + H + b"\r\n"))
        assert (head[0], head[2], head[3]) == (503, headers, b"")  # RFC 9110 section 9.3.2
        first.sendall(H + ONCE + b"\r\n")
        assert parse(read_all(first))[0] == 200
        second.sendall(H + ONCE + b"\r\n")
        assert parse(read_all(second))[0] == 200
    after = server.probe()
    assert (after["refused"], after["connections"]) == (2, 1)


def test_many_over_the_cap_leave_nothing_behind(start: Start) -> None:
    server = start(connections=1, slot_waiters=2, linger_ms=5000)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(8)]
        answers = []
        for client in clients:
            with contextlib.suppress(OSError):
                client.sendall(b"GET /probe HTTP/1.1\r\n" + H)
                client.shutdown(socket.SHUT_WR)
        for client in clients:
            try:
                answers.append(read_all(client)[:12])
            except ConnectionError:
                answers.append(b"")
    assert {b"HTTP/1.1 503", b"HTTP/1.1 400"} <= set(answers) <= {b"", b"HTTP/1.1 503", b"HTTP/1.1 400"}
    assert server.wait(lambda probe: probe["connections"] == 1)["connections"] == 1


def test_reset_clients_are_quiet(server: Server) -> None:
    before = server.probe()
    linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
    for data in (b"", b"GET /ec", P + b"Content-Length: 10\r\n\r\nabc", G + b"\r\n"):
        with server.connect() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.sendall(data)
            server.wait(lambda probe: probe["connections"] == 2)  # it is accepted; the reset comes whenever
    after = server.wait(lambda probe: probe["connections"] == 1)
    assert after["connections"] == 1
    assert after["faults"] == before["faults"]
    assert after["lines"] == before["lines"]


def test_vectors_in_pieces(talk: Talk) -> None:
    """The end of the head is found wherever the network cuts it."""
    whole = G + ONCE + b"\r\n"
    for cut in range(1, len(whole)):
        assert parse(talk(whole[:cut], whole[cut:]).answer)[0] == 200
    assert parse(talk(*(whole[i : i + 1] for i in range(len(whole)))).answer)[0] == 200
