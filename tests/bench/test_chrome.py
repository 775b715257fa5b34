"""The request of the bench."""

from __future__ import annotations

import pytest

from tests.bench import chrome


def test_head_is_a_whole_request() -> None:
    head = chrome.head("/api/status", "127.0.0.1:8080", True)
    lines = head.split(b"\r\n")
    assert lines[:3] == [b"GET /api/status HTTP/1.1", b"Host: 127.0.0.1:8080", b"Connection: keep-alive"]
    assert lines[-2:] == [b"", b""]
    assert len(lines) == 2 + len(chrome.HEADERS) + 2
    assert 600 <= len(head) <= 750


@pytest.mark.parametrize(("keep_alive", "value"), [(True, "keep-alive"), (False, "close")])
def test_only_connection_differs(keep_alive: bool, value: str) -> None:
    found = chrome.headers(keep_alive)
    assert found == [("Connection", value), *chrome.HEADERS[1:]]
