"""Shakes hands over and over in a process of its own; how many each client does a second.

usage: python handshakers.py PORT AUTHORITY CLIENTS. No session is resumed. Prints "running" when each
client has done one; at the end of its standard input a JSON list: for each client its handshakes a second
from then on.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import sys
import threading
import time

#: Its own calculations are no load of the camera's.
NICE = 10


class Client(threading.Thread):
    """Does one handshake after the other; `handshakes` counts them."""

    def __init__(self, port: int, context: ssl.SSLContext):
        super().__init__(daemon=True)
        self.handshakes = 0
        self.has_begun = threading.Event()
        self._port = port
        self._context = context

    def run(self) -> None:
        while True:
            raw = socket.create_connection(("127.0.0.1", self._port), timeout=30)
            with self._context.wrap_socket(raw, server_hostname="localhost") as client:
                assert not client.session_reused
            self.handshakes += 1
            self.has_begun.set()


def main(port: int, authority: str, count: int) -> None:
    os.nice(NICE)
    context = ssl.create_default_context(cafile=authority)
    clients = [Client(port, context) for _ in range(count)]
    for client in clients:
        client.start()
    for client in clients:
        assert client.has_begun.wait(30)
    began = time.monotonic()
    before = [client.handshakes for client in clients]
    print("running", flush=True)
    sys.stdin.read()
    seconds = time.monotonic() - began
    print(json.dumps([(client.handshakes - n) / seconds for client, n in zip(clients, before)]), flush=True)
    os._exit(0)  # not by way of threads in the middle of a handshake


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
