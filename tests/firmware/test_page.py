"""The page at `/`: compressed for who takes it, known by its tag; nothing of it comes from elsewhere."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.client
import re

import pytest
from camcors_build import pages

import camcors_pages
from camcors.page import HEADERS, get, takes_gzip
from tests.kit.server import Server

PAGE = gzip.decompress(camcors_pages.PAGE_GZIP)
TAG = camcors_pages.PAGE_TAG
POLICY = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))


@pytest.mark.parametrize(("element", "directive"), [("style", "style-src"), ("script", "script-src")])
def test_hashes(element: str, directive: str) -> None:
    found = re.findall(f"<{element}[^>]*>(.*?)</{element}>", PAGE.decode(), re.DOTALL)
    assert len(found) == 1
    digest = base64.b64encode(hashlib.sha256(found[0].encode()).digest()).decode()
    assert POLICY[directive] == f"'sha256-{digest}'"


def test_policy() -> None:
    others = {name: value for name, value in POLICY.items() if name not in ("style-src", "script-src")}
    assert others == {
        "default-src": "'none'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_nothing_from_elsewhere() -> None:
    page = PAGE.decode().split("<script")[0]
    assert b"//" not in PAGE
    assert "style=" not in page
    assert re.findall(r"\son\w+=", page) == []
    assert re.findall(r'(?:src|href)="?([^" >]*)', page) == ["data:,"]


def test_size() -> None:
    assert len(camcors_pages.PAGE_GZIP) <= pages.PACKED_MAX
    assert len(PAGE) <= pages.PAGE_MAX


# Accept-Encoding, and whether gzip may be sent.
ACCEPTED = [
    ("", False), ("gzip", True), ("GZip", True), ("x-gzip", True), ("gzip, deflate, br, zstd", True),
    ("br;q=1.0, gzip;q=0.8, *;q=0.1", True), ("deflate,gzip", True), ("identity", False), ("br", False),
    ("*", True), ("*;q=0", False), ("gzip;q=0", False), ("gzip;q=0.000, *", False), ("gzip; q=0, br", False),
    ("gzip ; q=0.001", True), ("notgzip", False), ("gzipped", False), (";q=1", False), (",,gzip,,", True),
    ("*;q=0, gzip", True), ("identity;q=0", False),
]  # fmt: skip


@pytest.mark.parametrize(("accepted", "expected"), ACCEPTED)
def test_takes_gzip(accepted: str, expected: bool) -> None:
    assert takes_gzip(accepted) is expected


OPAQUE = TAG.removeprefix("W/")
OTHER = 'W/"0123456789abcdef"'


@pytest.mark.parametrize(
    ("tags", "status"),
    [(TAG, 304), (OPAQUE, 304), ("*", 304), (f"{OTHER}, {TAG}", 304), (f" {TAG} ", 304)]
    + [("", 200), (OTHER, 200), (OPAQUE.strip('"'), 200), (TAG[:-1], 200), ("W/", 200), (f"{TAG}x", 200)],
)
def test_a_page_that_is_known_is_not_sent_again(tags: str, status: int) -> None:
    body, code, headers = get({"If-None-Match": tags})
    assert (code, body) == (status, b"" if status == 304 else PAGE)
    assert headers == HEADERS


# Request headers, the status, the headers beside HEADERS, whether the body is the page itself or packed.
SERVED = [
    ({}, 200, {}, PAGE),
    ({"Accept-Encoding": "identity"}, 200, {}, PAGE),
    ({"Accept-Encoding": "gzip, br"}, 200, {"Content-Encoding": "gzip"}, camcors_pages.PAGE_GZIP),
    ({"Accept-Encoding": "gzip", "If-None-Match": TAG}, 304, {}, b""),
    ({"Accept-Encoding": "gzip", "If-None-Match": OTHER}, 200, {"Content-Encoding": "gzip"},
     camcors_pages.PAGE_GZIP),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "status", "beside", "body"), SERVED)
def test_served(
    server: Server, sent: dict[str, str], status: int, beside: dict[str, str], body: bytes
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest("GET", "/", skip_accept_encoding=True)
    for name, value in sent.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    headers = dict(answer.getheaders())
    assert headers.pop("X-Content-Type-Options") == "nosniff"
    length = {} if status == 304 else {"Content-Length": str(len(body))}
    assert (answer.status, answer.read()) == (status, body)
    assert headers == {**HEADERS, **beside, **length}
    connection.close()
