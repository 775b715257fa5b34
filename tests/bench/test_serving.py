"""What the bench's client makes of an answer's head."""

from __future__ import annotations

import pytest

from . import serving


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (b"HTTP/1.1 200 OK", True),
        (b"HTTP/1.1 200 OK\r\nConnection: keep-alive", True),
        (b"HTTP/1.1 200 OK\r\nCONNECTION:Close", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive", True),
    ],
)
def test_is_kept(head: bytes, kept: bool) -> None:
    assert serving.is_kept(head) is kept


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"content-length", b"12"), (b"vary", b"a:b"), (b"http/1.1 200 ok", None), (b"length", None)],
)
def test_field(name: bytes, value: bytes | None) -> None:
    assert serving.field(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nVary:  a:b ", name) == value


def test_missing_program_is_named_with_its_remedy() -> None:
    with pytest.raises(SystemExit) as stopped:
        serving.require("no-such-program")
    assert stopped.value.args == (
        "camcors: no-such-program is missing; install it with: sudo apt install no-such-program",
    )
    serving.require("sh")
