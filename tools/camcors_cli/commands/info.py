"""`camcors info`."""

from __future__ import annotations

import click

from ..device import answers, camera
from ..device.answers import AccessState, Facts, Report, Restart, Room, TlsState
from ..device.board import Board
from ..device.calls import Call
from ..ui.options import on_board
from ..ui.output import Output

_FACTS = Call(answers.facts, "facts")


@click.command()
@on_board
def info(port: str | None, as_json: bool) -> None:
    """Tell what a board is, its versions, and its faults.

    What its flash and heap have left is shown as well, and the network.
    """
    out = Output(as_json)
    with Board(port, out) as board:
        report, facts = board.ask_camera(camera.REPORT, _FACTS, what="asking what it is")
    out.result({"port": board.port, **report.said, **facts.said})
    out.table(_rows(board.port, report, facts))
    for fault in report.faults:
        out.note(fault)


def _rows(port: str, report: Report, facts: Facts) -> list[tuple[str, str]]:
    started = f"yes, for {report.uptime_s} s" if report.started else camera.NOT_STARTED
    return [
        ("port", port),
        ("camera", _names(report)),
        ("board", f"{report.board} ({facts.machine})"),
        ("firmware", f"camcors {report.firmware}"),
        ("MicroPython", f"{report.micropython} ({facts.version})"),
        ("flash", _room(facts.filesystem)),
        ("heap", _room(facts.heap)),
        ("started", started),
        ("after", _after(report.restart)),
        ("policy", policy_words(report)),
        ("lock", _lock(report.access)),
        ("https", https_words(report.tls)),
        ("faults", str(len(report.faults))),
    ]


def _names(report: Report) -> str:
    host = f"{report.name}.local" if report.name else "no name yet"
    return host if report.title in (None, report.name) else f"{report.title} ({host})"


def _room(room: Room) -> str:
    return f"{room.free / 1024:,.0f} KiB free of {room.size / 1024:,.0f} KiB"


def _after(restart: Restart | None) -> str:
    """Return what ended the run before."""
    if restart is None:
        return "not known"
    return restart.cause + (f": {restart.reason}" if restart.reason else "")


def _lock(access: AccessState | None) -> str:
    if access is None:
        return "not known"
    stands = f"open: anyone has the role {access.open}" if access.open else "locked"
    return f"{stands}; tokens: {access.tokens}"


def https_words(tls: TlsState | None) -> str:
    """Return the state of a camera's https, and where it serves it."""
    if tls is None:
        return "not known"
    return f"active on port {tls.port}; plain http: {tls.plain}" if tls.state == "active" else tls.state


def policy_words(report: Report) -> str:
    """Return the state and the digest of a camera's policy."""
    return f"{report.policy.state} {report.policy.digest or ''}".rstrip()
