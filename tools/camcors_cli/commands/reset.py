"""`camcors reset`: a restart, and with --factory one without all that is the person's."""

from __future__ import annotations

import time
from typing import Any

import click

from ..device import answers, camera, files
from ..device.answers import Report
from ..device.board import Board
from ..device.calls import Call
from ..ui.errors import Failure, Status
from ..ui.options import on_board
from ..ui.output import Output
from .info import policy_words

_START_S = 30.0  # a board's boot with its camera; USB comes back first
_PAUSE_S = 0.5
_PARTITIONS = ("nvs", "vfs")  # what the radio and its driver remember, and the files
_BLOCKS = 16  # that are erased in one exchange: an ESP32 takes a second or two
_BLOCKS_MAX = 1 << 15  # of 4096 bytes: more than any board's flash
_SHOWN_MAX = 12  # files that are named
_IS_FROZEN = Call(lambda value: answers.member(value, "has_firmware", answers.flag), "installable")


@click.command()
@click.option("--factory", is_flag=True, help="Remove first all that is yours, for good.")
@click.option("--yes", is_flag=True, help="Do not ask before that.")
@on_board
def reset(factory: bool, yes: bool, port: str | None, as_json: bool) -> None:
    """Restart the board, and wait for the camera.

    This is what its reset button does. With --factory it erases the board's files (policy, tokens,
    settings, the Wi-Fi password, /main.py and all others) and what its radio remembers, and the camera is
    then as a new image leaves it: locked. Only a backup brings the files back. It says what goes, and asks.
    An SD card stays as it is.
    """
    if yes and not factory:
        raise click.UsageError("--yes belongs to --factory")
    out = Output(as_json)
    removed: list[str] = []
    with Board(port, out) as board:
        report = camera.report(board)
        if factory:
            removed = _erase_all(board, out, report, yes)
        board.restart()
    with out.progress("waiting for the camera to start again"):
        report = _wait_started(board.port, out)
    out.result({**report.said, **({"removed": removed} if factory else {})})
    as_new = ", as a new image leaves it; camcors token add NAME --role view makes a token" if factory else ""
    out.say(f"started again{as_new}; policy {policy_words(report)}")
    for fault in report.faults:
        out.note(fault)


def _erase_all(board: Board, out: Output, report: Report, is_agreed: bool) -> list[str]:
    """Erase what is the person's -> the paths of the files. Raises Failure, also for a no."""
    entries, is_frozen = board.ask_all(files.ENTRIES, _IS_FROZEN, what="asking what it has")
    if not is_frozen:
        remedy = "camcors install --remove takes them off"
        raise Failure("the camera's modules are files of this board, which would go as well", remedy)
    # None without a filesystem, as after an attempt that was cut off.
    paths = sorted(name for name, size in entries or () if size is not None)
    _agree(out, _losses(paths, report), is_agreed)
    board.do("let_go", what="ending its server")
    for label in _PARTITIONS:
        _erase(board, out, label)
    return paths


def _losses(paths: list[str], report: Report) -> list[str]:
    """Return what goes, a line each."""
    shown = ", ".join(paths[:_SHOWN_MAX])
    more = f" and {len(paths) - _SHOWN_MAX} more" if len(paths) > _SHOWN_MAX else ""
    found = [f"its files: {shown}{more}"] if paths else []
    if report.access and report.access.tokens:
        found.append(f"all tokens: {report.access.tokens}")
    return [*found, "what its radio remembers: networks, and the password of its own access point"]


def _agree(out: Output, losses: list[str], is_agreed: bool) -> None:
    if not is_agreed and not out.can_ask:
        message = "nothing was removed: there is no terminal to ask at"
        remedy = "add --yes to remove it for good; camcors backup saves the files before"
        raise Failure(message, remedy, Status.REFUSED, losses, removes=losses)
    out.note(f"this removes for good {'; '.join(losses)}")
    if not is_agreed and not out.ask("Remove all of it?"):
        raise Failure("nothing was removed", "camcors backup saves the files", Status.REFUSED, removes=losses)


def _erase(board: Board, out: Output, label: str) -> None:
    what = f"erasing {label}"
    with out.progress(what) as progress:
        start, total = 0, 1
        while start < total:
            total = board.ask(_blocks, "erase", label, start, _BLOCKS, what=what)
            start += _BLOCKS
            progress(min(start, total))
    if not total:
        raise Failure(f"the board's flash has no partition {label}", "flash it again: camcors flash IMAGE")


def _blocks(value: Any) -> int:
    if answers.whole(value) > _BLOCKS_MAX:
        raise answers.Odd("out of range")
    return int(value)


def _wait_started(port: str, out: Output) -> Report:
    """Return the report of the camera once it has started. Raises the last Failure if it does not."""
    end = time.monotonic() + _START_S
    while True:
        time.sleep(_PAUSE_S)
        try:
            with Board(port, out, is_starting=True) as board:
                return camera.report(board)
        except Failure as failure:
            if failure.exit_code != Status.UNREACHABLE or time.monotonic() > end:
                raise
