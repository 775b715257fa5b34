"""Watches the streams of frame_app.py or frame_floor.c to their end, in a process of its own.

usage: python frame_viewers.py PORT FAST SLOW. Prints one JSON object: `frames`, how many pictures each viewer
got whole, the slow ones last; `ages_ms`, how old each of the fast ones' was when its last byte was read.
A slow viewer takes RATE bytes a second.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time

RATE = 300_000
BLOCK = 4096  # bytes that a slow viewer takes at a time
RECEIVE_BUFFER = 16384  # bytes of a slow viewer, so that what lies on the way is the camera's

# A part's head, and when its picture was taken.
_PART = re.compile(rb"Content-Length: (\d+)\r\n(?:[^\r\n]+\r\n)*\r\n(.{8})", re.DOTALL)


class Viewer(threading.Thread):
    """Reads one stream; `ages_ms` has an entry for each picture."""

    def __init__(self, port: int, is_slow: bool):
        super().__init__()
        self.ages_ms: list[float] = []
        self._is_slow = is_slow
        self._socket = socket.socket()
        if is_slow:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._socket.settimeout(60)
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(b"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        self._began = time.monotonic()

    def run(self) -> None:
        data, taken = b"", 0
        while block := self._receive(taken):
            taken += len(block)
            data += block
            while (found := _PART.search(data)) and len(data) >= (end := found.start(2) + int(found[1])):
                self.ages_ms.append((time.time_ns() - int.from_bytes(found[2], "little")) / 1e6)
                data = data[end:]

    def _receive(self, taken: int) -> bytes:
        """The next bytes, after `taken` so far; none at the end."""
        if self._is_slow:
            time.sleep(max(0, self._began + taken / RATE - time.monotonic()))
        try:
            return self._socket.recv(BLOCK if self._is_slow else 65536)
        except ConnectionResetError:  # the server has ended with bytes unsent
            return b""


def main(port: int, fast: int, slow: int) -> None:
    viewers = [Viewer(port, number >= fast) for number in range(fast + slow)]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.join()
    ages = [age for viewer in viewers[:fast] for age in viewer.ages_ms]
    print(json.dumps({"frames": [len(viewer.ages_ms) for viewer in viewers], "ages_ms": ages}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
