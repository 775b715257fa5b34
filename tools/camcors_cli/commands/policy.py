"""`camcors policy`: show, check, push, pull and rollback; the edits are in policy_edit.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ..device import camera
from ..device.board import Board
from ..policy import document
from ..policy.in_force import put_in_force, tell_warnings, warnings
from ..ui import input_file, output_file
from ..ui.errors import Failure, Status
from ..ui.help import Group
from ..ui.options import group_port_option, json_option, on_board, yes_option
from ..ui.output import Output
from . import policy_edit

_STATES = {
    "active": "/policy.json is in force",
    "last-good": "/policy.json is not valid; the last good copy, /policy.good.json, is in force",
    "damaged": "/policy.json has changed, and nobody has edited it; the last good copy is in force",
    "invalid": "/policy.json is not valid; what was in force before it still is",
    "missing": "there is no /policy.json; no other origin may read the camera",
}


@click.group(cls=Group)
@group_port_option
def policy() -> None:
    """Show, check and change a camera's policy, /policy.json."""


for command in policy_edit.COMMANDS:
    policy.add_command(command)


@policy.command()
@on_board
def show(port: str | None, as_json: bool) -> None:
    """Show the policy in force, its state and digest.

    Exit status 1 if what is in force is not /policy.json.
    """
    out = Output(as_json)
    with Board(port, out) as board:
        report, in_force = board.ask_camera(camera.REPORT, camera.POLICY, what="asking for its policy")
    state = report.policy
    fields = json.loads(in_force.to_json())
    said = {**state._asdict(), "started": report.started, "policy": fields}
    out.result({**said, "warnings": warnings(in_force)})
    words = _STATES.get(state.state, "a state that this command does not know")
    out.say(f"state   {f'{state.state}: {words}' if report.started else 'the camera is not started'}")
    out.say(f"digest  {in_force.digest}")
    out.say("")
    rows = [(name, json.dumps(value)) for name, value in fields.items()]
    out.table(rows, ("field", "value"))
    tell_warnings(out, in_force)
    for line in state.error.split("\n") if state.error else ():
        out.note(line)
    if not report.started:
        out.note(f"the camera is {camera.NOT_STARTED}")
    if state.state != "active":
        raise SystemExit(Status.REFUSED)


@policy.command()
@click.argument("file", type=click.File("rb"))
@json_option
def check(file: Any, as_json: bool) -> None:
    """Validate FILE (- for standard input) without a camera.

    Says all faults at once, each with its line. Exit status 0 if it is valid, 1 if not.
    """
    out = Output(as_json)
    checked = document.read(input_file.read_open(file, file.name), file.name)
    out.result({"digest": checked.digest, "faults": [], "warnings": warnings(checked)})
    out.say(f"{file.name} is a valid policy, digest {checked.digest}")
    tell_warnings(out, checked)


@policy.command()
@click.argument("file", type=click.File("rb"))
@yes_option
@on_board
def push(file: Any, yes: bool, port: str | None, as_json: bool) -> None:
    """Put FILE (- for standard input) in force on the camera.

    Refuses an invalid one, and asks if it lets in more than before. What it replaces is kept for
    `camcors policy rollback`.
    """
    out = Output(as_json)
    text = input_file.read_open(file, file.name)
    pushed = document.read(text, file.name)
    with Board(port, out) as board:
        put_in_force(board, out, camera.policy_file(board), text, pushed, yes)


@policy.command()
@yes_option
@on_board
def rollback(yes: bool, port: str | None, as_json: bool) -> None:
    """Swap the policy in force with the one that was in force before.

    A second rollback undoes the first. After /policy.json was removed nothing is in force: the first
    rollback brings back what was, and those after it swap that with the one before.
    """
    out = Output(as_json)
    with Board(port, out) as board:
        before = camera.report(board).policy.digest
        text = camera.policy_before(board, before)
        new = document.read(text, "the policy that was in force before")
        put_in_force(board, out, camera.policy_file(board), text, new, yes, before=before)
        out.say(f"in force before: {before or 'none'}")


@policy.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@on_board
def pull(file: Path | None, force: bool, port: str | None, as_json: bool) -> None:
    """Write the camera's /policy.json to FILE, or print it.

    The file comes as it is, valid or not; on a terminal, control characters are shown as escapes.
    """
    out = Output(as_json)
    with Board(port, out) as board:
        text = camera.policy_file(board)
    if text is None:
        raise Failure(f"there is no {document.PATH} on the camera", "camcors policy push FILE makes one")
    if file is None:
        out.result({"text": text.decode(errors="replace")})
        if not as_json:
            out.content(text, "camcors policy pull FILE writes that")
        return
    output_file.write(file, text, force)
    out.result({"file": str(file), "bytes": len(text)})
    out.say(f"{file}: {len(text)} bytes")
