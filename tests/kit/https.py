"""A camera that serves https, and clients that shake hands with it, wholly or in part."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import time
from pathlib import Path

from tests.kit.authority import Leaf, put_pair
from tests.kit.camera import Camera
from tests.kit.small_board import spare_card

IN_FORCE_S = 2
#: What the certificates of the tests are for.
HOSTS = ("localhost", "127.0.0.1")
#: A close with these options is a reset.
_LINGER_NOT = struct.pack("ii", 1, 0)


def tls_of(camera: Camera) -> dict[str, object]:
    found = camera.report()["tls"]
    assert isinstance(found, dict)
    return found


def wait_state(camera: Camera, state: str) -> dict[str, object]:
    """What the report says once the state is so; AssertionError if an edit takes longer than is promised."""
    end = time.monotonic() + 3 * IN_FORCE_S  # the machine may be busy
    while (found := tls_of(camera))["state"] != state:
        assert time.monotonic() < end, found
        time.sleep(0.05)
    return found


def start(flash: Path, leaf: Leaf, settings: str | None = None) -> Camera:
    """A camera that serves https."""
    running = Camera(flash).wait_ready()
    if settings:
        running.put("camera.json", settings)
    put_pair(running, leaf)
    if settings:
        running.reset()
        running.wait_ready(running.tls_url)  # first, since the links of `make run` follow it
    wait_state(running, "active")
    spare_card(running)  # that line may have been one from before the reset
    return running


def connect(camera: Camera, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
    """A connection that raises for an end without a word."""
    raw = socket.create_connection(("127.0.0.1", camera.tls_port), timeout=20)
    return context.wrap_socket(raw, server_hostname="localhost", session=session, suppress_ragged_eofs=False)


def hello(context: ssl.SSLContext) -> bytes:
    """The first flight of a client's handshake."""
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def begun(camera: Camera, context: ssl.SSLContext) -> socket.socket:
    """A client that has said hello, has the camera's part of the handshake, and says no more."""
    raw = socket.create_connection(("127.0.0.1", camera.tls_port), timeout=20)
    raw.sendall(hello(context))
    assert raw.recv(1)
    return raw


def cut_off(camera: Camera, context: ssl.SSLContext, size: int | None = None, is_reset: bool = False) -> int:
    """Send the first `size` bytes of a client's part of a handshake (None: all), and leave. Return how many
    were sent.

    is_reset: leave by a reset; else by the end of the stream, and wait for that of the camera.
    """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    sent, is_over = 0, False
    with socket.create_connection(("127.0.0.1", camera.tls_port), timeout=20) as raw:
        if is_reset:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        while not is_over:
            try:
                client.do_handshake()
                is_over = True
            except ssl.SSLWantReadError:
                pass
            flight = outgoing.read()[: None if size is None else size - sent]
            raw.sendall(flight)
            sent += len(flight)
            if sent == size:
                break
            if not is_over:
                incoming.write(raw.recv(65536))
        if not is_reset:
            raw.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):  # of a camera that has left something unread
                while raw.recv(65536):
                    pass
    return sent


def tls_bytes(camera: Camera) -> int:
    """How much of the computer's memory TLS has on the camera."""
    return int(camera.exec("import _host\nprint(_host.tls_bytes())"))


def wait_idle(camera: Camera, expected: int) -> None:
    """Wait until TLS has no more than `expected` bytes: the camera has let go of all connections."""
    end = time.monotonic() + 20
    while (found := tls_bytes(camera)) > expected:
        assert time.monotonic() < end, (found, expected, camera.report())
        time.sleep(0.1)
