"""A viewer on a slow network: it takes so many bytes a second, and notes how old the pictures are by then."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import time

PART = re.compile(rb"Content-Length: (\d+)\r\nX-Frame-Id: \d+\r\nX-Timestamp: (\d+\.\d{3})\r\n\r\n")
CAPTURES = 5
BLOCK = 4096  # bytes
RECEIVE_BUFFER = 16384  # bytes, so that what lies on the way is the camera's


def started(port: int) -> float:
    """When the camera's clock of X-Timestamp was at 0, in seconds of time.monotonic(), or a little later."""
    found = []
    for _ in range(CAPTURES):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as client:
            client.request("GET", "/api/capture")
            answer = client.getresponse()
            assert answer.status == 200, answer.status
            found.append(time.monotonic() - float(answer.headers["X-Timestamp"]))
    return min(found)


def picture_ages(
    port: int, rate: int, seconds: float, receive_buffer: int | None = RECEIVE_BUFFER
) -> list[float]:
    """The age in seconds of each picture of a stream when its last byte is read, at `rate` bytes a second."""
    zero = started(port)
    ages = []
    with contextlib.closing(socket.socket()) as client:
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(10)
        client.connect(("127.0.0.1", port))
        client.sendall(b"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        began = time.monotonic()
        data, taken = b"", 0
        while (now := time.monotonic()) < began + seconds:
            time.sleep(max(0, began + taken / rate - now))
            block = client.recv(BLOCK)
            assert block, "the stream ended"
            taken += len(block)
            data += block
            while (found := PART.search(data)) and len(data) >= (end := found.end() + int(found[1])):
                ages.append(time.monotonic() - zero - float(found[2]))
                data = data[end:]
    return ages
