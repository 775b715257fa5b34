"""A client that leaves in the middle of a handshake costs no other client its connection."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit import https
from tests.kit.authority import Authority
from tests.kit.camera import Camera


@pytest.fixture
def served(program: Path, tmp_path: Path, authority: Authority) -> Iterator[Camera]:
    """A camera that serves https, and plain http as well."""
    settings = '{"tls": {"plain": "serve"}}'
    with https.start(tmp_path / "flash.bin", authority.leaf(*https.HOSTS), settings) as running:
        yield running


def leave_in_the_middle(camera: Camera) -> None:
    """Begin a handshake, read all that the camera says in it first, and close without a word."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = context.wrap_bio(incoming, outgoing)
    with socket.create_connection(("127.0.0.1", camera.tls_port), timeout=10) as line:
        for is_first in (True, False):
            while not outgoing.pending:  # what is left unread makes a reset of the end
                if not is_first:
                    incoming.write(line.recv(4096))
                with contextlib.suppress(ssl.SSLWantReadError):
                    client.do_handshake()
            if is_first:
                line.sendall(outgoing.read())


def failed(camera: Camera) -> int:
    return int(camera.status()["clients"]["tls_failed"])


def test_what_is_closed_once_stays_closed_once(served: Camera) -> None:
    """A descriptor has the next client's number by the time that the collector finds who had it before."""
    for _ in range(3):
        before = failed(served)
        leave_in_the_middle(served)
        end = time.monotonic() + 10
        while failed(served) == before:
            assert time.monotonic() < end
            time.sleep(0.05)
        lines = [socket.create_connection(("127.0.0.1", served.port), timeout=10) for _ in range(3)]
        for line in lines:
            line.sendall(b"GET /api/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert line.recv(12) == b"HTTP/1.1 200"
        served.exec("import gc\nfor _ in range(3): gc.collect()")
        for line in lines:
            while line.recv(65536)[-1:] != b"}":
                pass
            line.sendall(b"GET /api/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert line.recv(12) == b"HTTP/1.1 404"
            line.close()
