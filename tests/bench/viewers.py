"""Watches MJPEG streams in a process of its own, so that its work delays no other measurement.

usage: python viewers.py PORT VIEWERS. Prints "running" when each viewer has a picture; at the end of
its standard input one JSON object: for each viewer the pictures a second from then on.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time


class Viewer(threading.Thread):
    """Reads one stream; `frames` counts its pictures."""

    def __init__(self, port: int):
        super().__init__(daemon=True)
        self.frames = 0
        self.has_picture = threading.Event()
        self._port = port

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.request("GET", "/api/stream?fps=60")
        stream = connection.getresponse()
        assert stream.status == 200, stream.status
        while line := stream.readline():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
                while stream.readline().strip():
                    pass
                stream.read(length)
                self.frames += 1
                self.has_picture.set()


def main(port: int, count: int) -> None:
    viewers = [Viewer(port) for _ in range(count)]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        assert viewer.has_picture.wait(30)
    began = time.monotonic()
    before = [viewer.frames for viewer in viewers]
    print("running", flush=True)
    sys.stdin.read()
    seconds = time.monotonic() - began
    print(json.dumps([(viewer.frames - n) / seconds for viewer, n in zip(viewers, before)]))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
