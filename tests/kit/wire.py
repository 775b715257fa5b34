"""Requests and answers as bytes: short names for their parts, and what every answer has."""

from __future__ import annotations

import json

from camcors.http.answer import phrase
from strict import error

H = b"Host: camera\r\n"
G = b"GET /echo HTTP/1.1\r\n" + H
P = b"POST /echo HTTP/1.1\r\n" + H
ONCE = b"Connection: close\r\n"


def parse(answer: bytes) -> tuple[int, str, dict[str, str], bytes]:
    head, separator, body = answer.partition(b"\r\n\r\n")
    assert separator, answer[:200]
    first, *lines = head.decode().split("\r\n")
    version, status, reason = first.split(" ", 2)
    assert version == "HTTP/1.1"
    headers = dict(line.split(": ", 1) for line in lines)
    assert len(headers) == len(lines)
    assert headers.pop("X-Content-Type-Options") == "nosniff"  # on every answer, and once
    return int(status), reason, headers, body


def check_refusal(answer: bytes, expected: int) -> bytes:
    status, reason, headers, body = parse(answer)
    assert (status, reason) == (expected, phrase(expected))
    assert headers == {
        "Content-Type": "application/json; charset=UTF-8",
        "Cache-Control": "no-store",
        "Vary": "Accept",
        "Content-Length": str(len(body)),
        "Connection": "close",
        "X-Marked": "yes",  # by the application's hook for error answers, as CORS is one
    }
    said = json.loads(body)
    assert set(said) == {"error", "code"}
    assert error.status_of(said["code"]) == status
    return body
