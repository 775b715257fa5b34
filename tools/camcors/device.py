"""`camcors info` and `camcors reset`."""

from __future__ import annotations

import time
from typing import Any

import click

from . import camera
from .board import Board
from .errors import Failure, Status
from .options import on_board
from .output import Output

_START_S = 30.0  # a board's boot with its camera; USB comes back first
_PAUSE_S = 0.5

_FACTS = """
import sys as _sys, os as _os, gc as _gc
_gc.collect()
_vfs = _os.statvfs("/")
_facts = {
 "machine": getattr(_sys.implementation, "_machine", _sys.platform),
 "version": _sys.version,
 "filesystem": {"size": _vfs[0] * _vfs[2], "free": _vfs[0] * _vfs[3]},
 "heap": {"used": _gc.mem_alloc(), "free": _gc.mem_free()},
}
"""


@click.command()
@on_board
def info(port: str | None, as_json: bool) -> None:
    """Tell what board this is, what runs on it, its flash and heap, and its faults."""
    out = Output(as_json)
    with Board(port, out) as board:
        report = camera.report(board)
        facts = board.ask("_facts", _FACTS, "asking what it is")
    facts = {"port": board.port, **report, **facts}
    out.result(facts)
    out.table(_rows(facts))
    for fault in facts["faults"]:
        out.note(fault)


def _rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    policy = facts["policy"]
    started = f"yes, for {facts['uptime_s']} s" if facts["started"] else camera.NOT_STARTED
    return [
        ("port", facts["port"]),
        ("board", f"{facts['board']} ({facts['machine']})"),
        ("firmware", f"camcors {facts['firmware']}"),
        ("MicroPython", f"{facts['micropython']} ({facts['version']})"),
        ("flash", _room(facts["filesystem"]["size"], facts["filesystem"]["free"])),
        ("heap", _room(facts["heap"]["used"] + facts["heap"]["free"], facts["heap"]["free"])),
        ("started", started),
        ("policy", f"{policy['state']} {policy['digest'] or ''}".rstrip()),
        ("faults", str(len(facts["faults"]))),
    ]


def _room(size: int, free: int) -> str:
    return f"{free / 1024:,.0f} KiB free of {size / 1024:,.0f} KiB"


@click.command()
@on_board
def reset(port: str | None, as_json: bool) -> None:
    """Start the board again, as its reset button does, and wait for the camera."""
    out = Output(as_json)
    with Board(port, out) as board:
        camera.report(board)
        board.restart()
    with out.progress("waiting for the camera to start again"):
        report = _wait_started(board.port, out)
    out.result(report)
    out.say(f"started again; policy {report['policy']['state']} {report['policy']['digest'] or ''}".rstrip())
    for fault in report["faults"]:
        out.note(fault)


def _wait_started(port: str, out: Output) -> dict[str, Any]:
    """The report of the camera once it has started. Raises the last Failure if it does not."""
    end = time.monotonic() + _START_S
    while True:
        time.sleep(_PAUSE_S)
        try:
            with Board(port, out) as board:
                return camera.report(board)
        except Failure as failure:
            if failure.exit_code != Status.UNREACHABLE or time.monotonic() > end:
                raise
