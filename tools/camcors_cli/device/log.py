"""What a camera has said: its log, read over the REPL (firmware/camcors/log.py)."""

from __future__ import annotations

from typing import NamedTuple

from ..ui.errors import Failure
from . import answers
from .board import Board
from .calls import Call

_PART = 512  # bytes in one answer: small for the board's heap
_PARTS_MAX = 128  # of one reading: more than any camera keeps


class Line(NamedTuple):
    """uptime_s: when it was said, in seconds after the camera's start; None if the camera does not tell."""

    uptime_s: int | None
    text: str

    def __str__(self) -> str:
        return f"[{'?' if self.uptime_s is None else self.uptime_s:>6}] {self.text}"


class Log:
    """Reads one camera's log again and again, over several connections and restarts of the camera."""

    def __init__(self) -> None:
        self._run: int | None = None
        self._position = 0
        self._rest = b""  # of a line whose end has not come yet

    def read(self, board: Board) -> list[Line]:
        """Return the lines since the last call; those that the camera has dropped meanwhile are missing.

        Raises Failure.
        """
        lines: list[bytes] = []
        for _ in range(_PARTS_MAX):
            asked = Call(answers.log_part(_PART), "log", self._position, _PART)
            (part,) = board.ask_camera(asked, what="reading its log")
            if part.run != self._run and self._run is not None:
                self._run, self._position, self._rest = part.run, 0, b""
                continue  # it has restarted: from the first line
            if part.position != self._position:
                self._rest = b""
            *whole, self._rest = (self._rest + part.data).split(b"\n")
            lines += whole
            self._run, self._position = part.run, part.position + len(part.data)
            if len(part.data) < _PART:
                return [_line(each) for each in lines]
        raise Failure("the camera's log has no end", "camcors reset, and try again")


def _line(data: bytes) -> Line:
    said = data.decode(errors="replace")
    seconds, _, text = said.partition(" ")
    if seconds.isascii() and seconds.isdecimal():
        return Line(int(seconds[:10]), text)
    return Line(None, said)
