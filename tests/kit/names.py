"""Names and their usual ports that lead to ports of this machine, in the browsers."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Mapping

_GRANTED = b"\x05\x00\x00\x01" + bytes(6)
_REFUSED = b"\x05\x02\x00\x01" + bytes(6)
_BY_NAME = 3


class Names:
    """Where each name leads, as Chromium and Firefox are told.

    places: (name, port) -> the port here. Chromium has rules for that. Firefox leads no name to another port
    by itself, so it asks a SOCKS server (RFC 1928).
    """

    def __init__(self, places: Mapping[tuple[str, int], int]):
        self._places = places
        names = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                names._serve(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    def rules(self) -> str:
        """Return what `chromium` takes as names."""
        return ",".join(
            f"MAP {name}:{port} 127.0.0.1:{here}" for (name, port), here in self._places.items()
        ).removeprefix("MAP ")

    def preferences(self) -> dict[str, object]:
        """Return what `Firefox` takes."""
        return {
            "network.proxy.type": 1,
            "network.proxy.socks": "127.0.0.1",
            "network.proxy.socks_port": self._server.server_address[1],
            "network.proxy.socks_remote_dns": True,
            "dom.security.https_first": False,
        }

    def __enter__(self) -> Names:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, client: socket.socket) -> None:
        stream = client.makefile("rb")
        stream.read(stream.read(2)[1])  # the methods of logging in: none is needed
        client.sendall(b"\x05\x00")
        kind = stream.read(4)[3:]
        name = stream.read(stream.read(1)[0]).decode() if kind == bytes([_BY_NAME]) else ""
        here = self._places.get((name, struct.unpack(">H", stream.read(2))[0])) if name else None
        if here is None:
            client.sendall(_REFUSED)
            return
        with socket.create_connection(("127.0.0.1", here), timeout=20) as server:
            server.settimeout(None)
            client.sendall(_GRANTED)
            threading.Thread(target=_copy, args=(client, server), daemon=True).start()
            _copy(server, client)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while block := source.recv(65536):
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # either end has gone
