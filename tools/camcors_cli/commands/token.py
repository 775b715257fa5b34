"""`camcors token`: who may look at a camera and who may set it, in /access.json on the board."""

from __future__ import annotations

from datetime import datetime, timezone

import click

from access.document import Access
from access.roles import ROLES, Token

from ..access import completing, document
from ..access.arguments import NAME
from ..access.in_force import put_in_force, tell_who
from ..device import calls, camera
from ..device.board import Board
from ..ui.errors import Status
from ..ui.help import Group
from ..ui.options import group_port_option, on_board
from ..ui.output import Output

_STATES = {
    "last-good": "/access.json is not valid; the tokens of the last good copy count",
    "damaged": "/access.json has changed, and nobody has edited it; the tokens of the last good copy count",
    "invalid": "/access.json is not valid; the tokens that counted before still do",
}
_ADD = "camcors token add NAME --role view"


@click.group(cls=Group)
@group_port_option
def token() -> None:
    """Make, list and remove the tokens of a camera.

    Who shows one gets in. The camera keeps their hashes only, in /access.json.
    """


@token.command()
@click.argument("name", type=NAME)
@click.option(
    "--role",
    type=click.Choice(ROLES),
    required=True,
    help="view: look. control: change settings as well. admin: see who has a token, too.",
)
@on_board
def add(name: str, role: str, port: str | None, as_json: bool) -> None:
    """Make a token for NAME, and print it once.

    NAME says whose it is. The token is the one line of standard output; what to know of it goes to
    standard error.

    \b
    camcors token add kitchen --role view
    camcors token add hass --role control > hass.token
    """
    out = Output(as_json)
    with Board(port, out) as board:
        before = camera.file(board, document.PATH)
        new, made = document.add(document.read(before), name, role)
        _put_made(board, out, before, new, made)


@token.command()
@click.argument("name", shell_complete=completing.names)
@on_board
def rotate(name: str, port: str | None, as_json: bool) -> None:
    """Give NAME another token, and print it once.

    The name and the role stay; the old token ends, with its sessions and links.
    """
    out = Output(as_json)
    with Board(port, out) as board:
        before = camera.file(board, document.PATH)
        found = document.read(before)
        old = document.token(found, name)
        new, made = document.add(found.without_token(name), old.name, old.role)
        _put_made(board, out, before, new, made, "; the old one counts no more")


def _put_made(
    board: Board, out: Output, before: bytes | None, new: Access, made: str, besides: str = ""
) -> None:
    """Put `new`, whose last token is `made`, in force and print that."""
    token = new.tokens[-1]
    stands = put_in_force(board, out, before, new)
    out.result({**document.said(token), "token": made, "started": stands.started})
    out.say(made)
    out.note(f"{document.whose(token)}; {stands.when}{besides}")
    out.note("it is shown this once, and the camera has its hash only: keep it where nobody else reads it")
    out.note("the camera's page asks for it; a program sends it as Authorization: Bearer, or as a password")
    tell_who(out, stands)


@token.command()
@click.argument("name", shell_complete=completing.names)
@on_board
def remove(name: str, port: str | None, as_json: bool) -> None:
    """Remove the token of NAME, with its sessions and links."""
    out = Output(as_json)
    with Board(port, out) as board:
        before = camera.file(board, document.PATH)
        found = document.read(before)
        old = document.token(found, name)
        stands = put_in_force(board, out, before, found.without_token(name))
        out.result({**document.said(old), "started": stands.started})
        out.say(f"the token of {old.name} is removed; {stands.when}")
        tell_who(out, stands)


@token.command("list")
@on_board
def list_tokens(port: str | None, as_json: bool) -> None:
    """Show who has a token, and whether the camera is open.

    Exit status 1 if what is in force is not /access.json.
    """
    out = Output(as_json)
    with Board(port, out) as board:
        asked = camera.LOOK, camera.ACCESS, calls.begin(document.PATH)
        report, in_force, begun = board.ask_camera(*asked, what="asking for its tokens")
        text = board.read_on(document.PATH, begun)
    state = report.access.state if report.access else None
    found = document.read(text) if in_force is None else in_force
    opened = document.opened(text, found)
    said = {"state": state, "open": found.open_role, "open_line": opened.line if opened else None}
    faults = document.faults_of(text)
    located = [fault for each in faults for fault in each.to_json()]
    out.result({**said, "tokens": [document.said(each) for each in found.tokens], "faults": located})
    _tell(out, found, opened)
    for each in faults:
        out.note(f"{document.PATH}:{each.line or 1}: {each.text}")
    if state is None:
        out.note(f"the camera is {camera.NOT_STARTED}")
    if state in _STATES:
        out.note(_STATES[state])
        raise SystemExit(Status.REFUSED)


def _tell(out: Output, found: Access, opened: document.Opened | None) -> None:
    if opened:
        out.say(f"open: {opened}; remove that line to lock it")
    elif found.tokens:
        out.say("locked: who shows one of these tokens gets in")
    else:
        out.say(f"locked: nobody gets in yet; {_ADD} makes a token")
    if found.tokens:
        out.table([(each.name, each.role, _made(each)) for each in found.tokens], ("name", "role", "made"))


def _made(token: Token) -> str:
    if token.created_s is None:
        return "not known"
    return datetime.fromtimestamp(token.created_s, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
