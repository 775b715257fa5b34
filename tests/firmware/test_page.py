"""The page at `/`: its policy lets its own script and style run, and nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from camcors.page import HEADERS, PAGE
from tests.firmware.conftest import Server


@pytest.mark.parametrize(("element", "directive"), [("style", "style-src"), ("script", "script-src")])
def test_hashes(element: str, directive: str) -> None:
    found = re.findall(f"<{element}>(.*?)</{element}>", PAGE.decode(), re.DOTALL)
    assert len(found) == 1
    digest = base64.b64encode(hashlib.sha256(found[0].encode()).digest()).decode()
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))
    assert policy[directive] == f"'sha256-{digest}'"


def test_policy() -> None:
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))
    del policy["style-src"], policy["script-src"]
    assert policy == {
        "default-src": "'none'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_nothing_from_elsewhere() -> None:
    page = PAGE.decode().split("<script>")[0]
    assert b"//" not in PAGE
    assert "style=" not in page
    assert re.findall(r'\son\w+="', page) == []
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == ["data:,"]


def test_size() -> None:
    assert len(PAGE) < 7 * 1024


def test_served(server: Server) -> None:
    status, headers, body = server.request("GET", "/")
    assert (status, body) == (200, PAGE)
    expected = {**HEADERS, "Content-Length": str(len(PAGE))}
    assert headers == expected
