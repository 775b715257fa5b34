"""Header values are opaque bytes: what other programs on the same host put into them is no attack."""

from __future__ import annotations

import json
import re

import pytest

from camcors.http.salvage import describe_long
from tests.kit.talk import Talk
from tests.kit.wire import ONCE, G, H, parse

ALL = bytes(range(0x80, 0x100))

# (value, what a handler sees): RFC 9110 section 5.5, RFC 3629 sections 3 and 4.
VALUES = [
    (b"a=b; c", "a=b; c"),
    (b"tab\tin it", "tab\tin it"),
    (b"\t  spaces around \t ", "spaces around"),
    (b"", ""),
    (b" ", ""),
    ("Zo\u00eb \u20ac \U0001f600".encode(), "Zo\u00eb \u20ac \U0001f600"),
    ("\ud7ff\ue000\U0010ffff".encode(), "\ud7ff\ue000\U0010ffff"),
    (b"caf\xe9", "caf\u00e9"),
    (b"\xff\xfe", "\u00ff\u00fe"),
    (ALL, ALL.decode("latin-1")),
    (b"\xa0a\xa0", "\u00a0a\u00a0"),
    ("caf\u00e9".encode() + b" caf\xe9", "caf\u00c3\u00a9 caf\u00e9"),
    # cut, or in the wrong order
    (b"\xc3", "\u00c3"),
    (b"\xe2\x82", "\u00e2\u0082"),
    (b"\x80a", "\u0080a"),
    # overlong: CR LF, NUL, a slash
    (b"\xc0\x8d\xc0\x8a", "\u00c0\u008d\u00c0\u008a"),
    (b"\xc0\x80", "\u00c0\u0080"),
    (b"\xc1\xbf", "\u00c1\u00bf"),
    (b"\xe0\x80\xaf", "\u00e0\u0080\u00af"),
    (b"\xe0\x9f\xbf", "\u00e0\u009f\u00bf"),
    (b"\xf0\x80\x80\xaf", "\u00f0\u0080\u0080\u00af"),
    (b"\xf0\x8f\xbf\xbf", "\u00f0\u008f\u00bf\u00bf"),
    # surrogates, and what is past U+10FFFF
    (b"\xed\xa0\x80", "\u00ed\u00a0\u0080"),
    (b"\xed\xbf\xbf", "\u00ed\u00bf\u00bf"),
    (b"\xf4\x90\x80\x80", "\u00f4\u0090\u0080\u0080"),
    (b"\xf5\x80\x80\x80", "\u00f5\u0080\u0080\u0080"),
    (b"\xf7\xbf\xbf\xbf", "\u00f7\u00bf\u00bf\u00bf"),
    (b"\xf8\x88\x80\x80\x80", "\u00f8\u0088\u0080\u0080\u0080"),
]


@pytest.mark.parametrize(("value", "text"), VALUES)
@pytest.mark.parametrize("name", [b"Cookie", b"X-Other"])
def test_value(talk: Talk, name: bytes, value: bytes, text: str) -> None:
    status, _, _, body = parse(talk(G + ONCE + name + b":" + value + b"\r\n\r\n").answer)
    assert status == 200
    assert json.loads(body)["headers"][name.decode().lower()] == text


@pytest.mark.parametrize("byte", [b for b in range(0x20) if b != 9] + [0x7F])
def test_control_character(talk: Talk, byte: int) -> None:
    heard = talk(G + b"Cookie: a" + bytes([byte]) + b"b\r\n\r\n")
    assert (parse(heard.answer)[0], heard.counted["handled"]) == (400, 0)


def test_a_cookie_in_each_encoding(talk: Talk) -> None:
    """The lines of one header need not agree."""
    lines = b"Cookie: a=\xe9\r\nCookie: b=\xc3\xa9\r\n"
    assert json.loads(parse(talk(G + ONCE + lines + b"\r\n").answer)[3])["headers"]["cookie"] == (
        "a=\u00e9; b=\u00e9"
    )


@pytest.mark.parametrize(
    "says",
    [
        b"Origin: http://allowed.example\xe9\r\n",
        b"Origin: http://allowed\xad.example\r\n",
        "Origin: http://allowed\uff0eexample\r\n".encode(),
        b"Origin: http://allowed.example\r\nAccess-Control-Request-Headers: x-\xe9\r\n",
        "Origin: http://allowed.example\r\nAccess-Control-Request-Headers: x-é\r\n".encode(),
    ],
)
def test_they_do_no_harm(guarded_talk: Talk, says: bytes) -> None:
    """No origin is matched by them, and no list of headers with them is given back."""
    data = (
        b"OPTIONS /echo HTTP/1.1\r\n" + H + ONCE + b"Access-Control-Request-Method: PUT\r\n" + says + b"\r\n"
    )
    status, _, headers, _ = parse(guarded_talk(data).answer)
    assert status == 204
    assert "Access-Control-Allow-Headers" not in headers
    assert ("Access-Control-Allow-Origin" in headers) is (b"Origin: http://allowed.example\r\n" in says)


RAISE = "the headers are longer than 8192 bytes; raise limits.head_bytes of /camera.json, or "
COOKIES = ": delete the cookies of this host name in the browser"

# (what, what has come of a head, what is said)
LONG = [
    (
        "cookies",
        G + b"Cookie: secret=" + b"a" * 9000 + b"\r\n\r\n",
        f'shorten the header "Cookie", which has 9015 bytes{COOKIES}',
    ),
    (
        "cookies that come one byte at a time",
        G + b"cookie: secret=" + b"a" * 8140,
        f'shorten the header "cookie", which has 8155 bytes or more{COOKIES}',
    ),
    (
        "another header",
        G + b"X-B: " + b"a" * 9000 + b"\r\nX-A: secret\r\n",
        'shorten the header "X-B", which has 9005 bytes',
    ),
    ("long name", G + b"X" * 9000 + b": a\r\n\r\n", f'shorten the header "{"X" * 40}", which has 9003 bytes'),
    (
        "a name that would steer a terminal",
        G + b'\x1b[2J\xe9"<b>' + b"a" * 9000 + b"\r\n\r\n",
        f'shorten the header "\\u001b[2J\\u00e9\\"<b>{"a" * 31}", which has 9009 bytes',
    ),
    (
        "request line",
        b"GET /echo?" + b"a" * 9000 + b" HTTP/1.1\r\n" + H + b"\r\n",
        "shorten the request line, which has 9019 bytes",
    ),
    (
        "request line without end",
        b"GET /echo?" + b"a" * 9000,
        "shorten the request line, which has 9010 bytes or more",
    ),
    (
        "many headers",
        G + b"".join(b"A%04d: 1\r\n" % i for i in range(1200)) + b"\r\n",
        "send fewer of them: 1201 have come",
    ),
]


@pytest.mark.parametrize(("data", "words"), [row[1:] for row in LONG], ids=[row[0] for row in LONG])
def test_what_is_too_long_is_named(data: bytes, words: str) -> None:
    assert describe_long(data, 8192) == RAISE + words


@pytest.mark.parametrize(("data", "words"), [row[1:] for row in LONG], ids=[row[0] for row in LONG])
def test_a_client_is_told_what_is_too_long(talk: Talk, data: bytes, words: str) -> None:
    """How much has come by then depends on the pieces that it comes in."""
    status, _, _, body = parse(talk(data if len(data) > 8192 else data + b"a" * 100).answer)
    answer = json.loads(body)
    said = answer["error"]
    assert (status, answer["code"]) == (431, "head-too-large")
    assert said.startswith(RAISE + re.split(r"\d{3}", words)[0])
    assert said.endswith(COOKIES) is words.endswith(COOKIES)
    assert "secret" not in said
