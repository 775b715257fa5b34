"""A client's end of a camera's REPL, with the methods of a socket."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

_PATIENCE_S = 5


class Pts:
    """Opens the pseudo-terminal `path` for itself, as pyserial does; it may be busy for a moment."""

    def __init__(self, path: str, timeout: float = 10):
        self._timeout = timeout
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self._stop, self._stopper = os.pipe()
        end = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    self.close()
                    raise
            time.sleep(0.01)

    def fileno(self) -> int:
        return self._fd

    def sendall(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._fd, data) :]

    def recv(self, size: int) -> bytes:
        """What is there, b"" at the end of the line; TimeoutError if nothing comes."""
        ready, _, _ = select.select([self._fd, self._stop], [], [], self._timeout)
        if not ready:
            raise TimeoutError
        if self._stop in ready:
            return b""
        try:
            return os.read(self._fd, size)
        except OSError as exc:
            if exc.errno != errno.EIO:
                raise
            return b""

    def shutdown(self, how: int) -> None:
        """End a recv() of another thread."""
        os.write(self._stopper, b"x")

    def close(self) -> None:
        for fd in (self._fd, self._stop, self._stopper):
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
