"""`camcors logs`."""

from __future__ import annotations

import contextlib
import time

import click

from ..device.board import Board
from ..device.log import Line, Log
from ..ui.errors import Failure, Status
from ..ui.options import on_board
from ..ui.output import Output

_PAUSE_S = 0.5
_BACK_S = 30.0  # a restart of the camera, with its USB


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on, also over a restart of the camera, until Ctrl-C.")
@on_board
def logs(follow: bool, port: str | None, as_json: bool) -> None:
    """Show what the camera has said since its start.

    The camera keeps the last 4 KB. In front of each line are the seconds since the start. --json prints
    a list; with --follow as well, one object a line.
    """
    if follow:
        with contextlib.suppress(KeyboardInterrupt):  # how it ends
            _follow(port, as_json)
        return
    out = Output(as_json)
    with Board(port, out) as board:
        lines = Log().read(board)
    out.result([line._asdict() for line in lines])
    for line in lines:
        out.say(str(line))


def _follow(port: str | None, as_json: bool) -> None:
    """Show what is said until the camera is lost for long, or was not there at all. Raises that Failure."""
    log = Log()
    heard_at: float | None = None
    is_lost = False
    while True:
        try:
            with Board(port, Output(as_json)) as board:
                port, is_lost = board.port, False
                while True:
                    _show(log.read(board), as_json)
                    heard_at = time.monotonic()
                    time.sleep(_PAUSE_S)
        except Failure as failure:
            is_final = heard_at is None or time.monotonic() > heard_at + _BACK_S
            if is_final or failure.exit_code != Status.UNREACHABLE:
                raise
            if not is_lost:
                Output(as_json).note("the camera is lost; waiting for it")
            is_lost = True
            time.sleep(_PAUSE_S)


def _show(lines: list[Line], as_json: bool) -> None:
    out = Output(as_json)  # which bounds what one reading brings, not all of them together
    for line in lines:
        out.result_line(line._asdict())
        out.say(str(line))
