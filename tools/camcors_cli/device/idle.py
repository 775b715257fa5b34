"""A board that is asked in passing, as for Tab: nothing on it is interrupted, and time is short."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

from mpremote.transport import TransportError

from ..ui.output import Output
from .board import Board

_WAIT_S = 1.0  # a person who presses Tab does not wait for a board that is busy
_LEAVE_S = 2.0  # what an IdleBoard may take besides to leave
_SILENCE_S = 0.5  # of a read or a write, each
_PROMPT = b">>> "
_RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n"


def ask_in_passing(port: str | None, question: Callable[[Board], Iterable[str]]) -> list[str]:
    """Return what the camera at `port` answers if it is at its prompt; [] if that is not known at once."""
    found: list[str] = []
    if port:
        # To connect may take longer.
        asking = threading.Thread(target=_ask, args=(port, question, found), daemon=True)
        asking.start()
        asking.join(_WAIT_S + _LEAVE_S)
    return list(found)


def _ask(port: str, question: Callable[[Board], Iterable[str]], found: list[str]) -> None:
    # Whatever happens, the person's line stays as it is: the shell shows what a completion says.
    quiet = contextlib.redirect_stderr(io.StringIO())
    with contextlib.suppress(Exception), quiet, IdleBoard(port, Output(), _WAIT_S) as board:
        found += question(board)


class IdleBoard(Board):
    """A connection to a board that waits at its prompt, of `limit_s` from here to its end; a context manager.

    A program that has the REPL goes on: it gets one carriage return to read.
    """

    def __init__(self, port: str | None, output: Output, limit_s: float):
        """Raises Failure as Board does, also if the board is not at its prompt."""
        self._end = time.monotonic() + limit_s
        super().__init__(port, output)

    def __exit__(self, *exc: type[BaseException] | BaseException | TracebackType | None) -> None:
        if exc[0]:
            self._interrupt_ours()
        super().__exit__(*exc)

    def _interrupt_ours(self) -> None:
        """End what this connection has sent and the board still reads or runs."""
        with contextlib.suppress(OSError):
            self._transport.serial.write(b"\r\x03")

    def _enter(self) -> None:
        """Enter the raw REPL from the prompt."""
        line = self._transport.serial
        line.timeout = line.write_timeout = _SILENCE_S
        self._transport.serial = line = _Timed(line, self._end)
        while waiting := line.in_waiting:  # a prompt in there may be older than a program
            line.read(waiting)
        line.write(b"\r")
        self._expect(_PROMPT)
        line.write(b"\x01")
        try:
            self._expect(_RAW_PROMPT)
        except TransportError:
            self._transport.exit_raw_repl()
            raise
        self._transport.in_raw_repl = True

    def _expect(self, ending: bytes) -> None:
        """Read up to `ending`. Raises TransportError."""
        if not self._transport.read_until(1, ending, timeout=_SILENCE_S).endswith(ending):
            raise TransportError("it is not at its prompt")


class _Timed:
    """A pyserial port that is read until `end`, of time.monotonic(); reads raise TransportError after it."""

    def __init__(self, port: Any, end: float):
        self._port, self._end = port, end

    def _check(self) -> None:
        if time.monotonic() > self._end:
            raise TransportError("it takes too long")

    def read(self, size: int = 1) -> bytes:
        self._check()
        data: bytes = self._port.read(size)
        return data

    def inWaiting(self) -> int:
        self._check()
        count: int = self._port.in_waiting
        return count

    in_waiting = property(inWaiting)

    def write(self, data: bytes) -> Any:
        return self._port.write(data)

    def close(self) -> None:
        self._port.close()
