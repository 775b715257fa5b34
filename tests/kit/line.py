"""A line between a host program and a camera's REPL that can be cut, and that can be garbled."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from tests.kit.pts import Pts

Cut = Callable[[bytes], int | None]


def after_bytes(count: int) -> Cut:
    """Cut when the host has sent `count` bytes."""
    return lambda sent: count if len(sent) >= count else None


def after_text(text: str, times: int = 1) -> Cut:
    """Cut when the host has sent `text` so many times."""
    mark = text.encode()

    def find(sent: bytes) -> int | None:
        end = 0
        for _ in range(times):
            found = sent.find(mark, end)
            if found < 0:
                return None
            end = found + len(mark)
        return end

    return find


class Line:
    """Listens on `port` and passes one connection on to the REPL of that name; a context manager.

    cut: given all that the host has sent, how much of it still gets through before both ends are closed.
    garble: what becomes of a piece that the board sends.
    """

    def __init__(
        self,
        board: str,
        cut: Cut = lambda sent: None,
        garble: Callable[[bytes], bytes] = lambda piece: piece,
    ):
        self._board = board
        self._cut = cut
        self._garble = garble
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket | Pts] = []
        self.port = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent = bytearray()
        self.was_cut = False
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        try:
            host, _ = self._listener.accept()
        except OSError:  # closed before anybody came
            return
        board = Pts(self._board)
        self._ends = [host, board]
        back = threading.Thread(target=self._pass_back, args=(board, host))
        back.start()
        self._pass_on(host, board)
        self._close()
        back.join()

    def _pass_on(self, host: socket.socket, board: Pts) -> None:
        while not self.was_cut:
            done = len(self.sent)
            end = self._cut(bytes(self.sent))
            if end is None:
                try:
                    piece = host.recv(4096)
                except OSError:
                    return
                if not piece:
                    return
                self.sent += piece
                end = self._cut(bytes(self.sent))
            self.was_cut = end is not None
            board.sendall(self.sent[done:end])

    def _pass_back(self, board: Pts, host: socket.socket) -> None:
        try:
            while piece := board.recv(4096):
                host.sendall(self._garble(piece))
        except OSError:  # cut
            pass
        self._close()

    def _close(self) -> None:
        for each in self._ends:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:  # the other side was faster
                pass

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._close()
        self._thread.join(timeout=10)
        for each in (self._listener, *self._ends):
            each.close()
