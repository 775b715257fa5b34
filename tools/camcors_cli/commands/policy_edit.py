"""`camcors policy` allow, deny, set and edit: changes of the file that is on the camera."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from cors import Policy, PolicyError
from cors.fields import FIELDS, LIST, NAMES
from strict.field import BOOL, INT

from ..device import camera
from ..device.board import Board
from ..policy import completing, document
from ..policy.in_force import put_in_force
from ..ui import faults
from ..ui.errors import Failure, Status
from ..ui.options import on_board, yes_option
from ..ui.output import Output

Fields = dict[str, Any]
_KINDS = {row[0]: row[1] for row in FIELDS}
_NULLABLE = {row[0]: row[4] for row in FIELDS}
_NEW: Fields = {"version": 1}


@click.command()
@click.argument("origin")
@yes_option
@on_board
def allow(origin: str, yes: bool, port: str | None, as_json: bool) -> None:
    """Let pages of ORIGIN read the camera.

    Asks before it lets in everybody, as '*' or 'https://*.com' would.

    \b
    camcors policy allow https://dashboard.example.com
    camcors policy allow 'https://*.example.com'     any name below example.com
    camcors policy allow 'http://localhost:*'        any port
    """

    def change(fields: Fields, current: Policy) -> str:
        if current.allowed_origins == "*":
            return "any origin is allowed already"
        if origin in current.allowed_origins:
            return f"{origin} is allowed already"
        covering = _covering(current, origin)
        if covering:
            return f"{origin} is allowed already, by {covering}"
        fields["allowed_origins"] = "*" if origin == "*" else [*current.allowed_origins, origin]
        return ""

    _change(port, as_json, change, yes)


@click.command()
@click.argument("origin", shell_complete=completing.origins)
@on_board
def deny(origin: str, port: str | None, as_json: bool) -> None:
    """Take ORIGIN off the allowed ones.

    Write it as `camcors policy show` lists it.
    """

    def change(fields: Fields, current: Policy) -> str:
        if origin == "*" == current.allowed_origins:
            fields["allowed_origins"] = []
            return ""
        if current.allowed_origins == "*":
            remedy = "list the origins that may: camcors policy set allowed_origins https://a.example"
            raise Failure(f"every origin is allowed, so {origin} cannot be denied by itself", remedy)
        if origin in current.allowed_origins:
            fields["allowed_origins"] = [each for each in current.allowed_origins if each != origin]
            return ""
        covering = _covering(current, origin)
        if covering:
            remedy = f"camcors policy deny '{covering}' denies all that it allows"
            raise Failure(f"{origin} is allowed by {covering}, so it cannot be denied by itself", remedy)
        return f"{origin} is not allowed anyway"

    _change(port, as_json, change)


@click.command("set", context_settings={"ignore_unknown_options": True})  # max_age -1 is a value
@click.argument("field", type=click.Choice(NAMES), metavar="FIELD")
@click.argument("value", shell_complete=completing.values)
@yes_option
@on_board
def set_field(field: str, value: str, yes: bool, port: str | None, as_json: bool) -> None:
    """Give FIELD a VALUE.

    VALUE is a word or a number; true or false; null for a field's "any" or "none"; a list as
    A,B,C or in JSON. Asks before it lets in more than before.

    \b
    camcors policy set max_age 600
    camcors policy set allowed_methods GET,PUT
    camcors policy set expose_headers X-Frame-Id,X-Timestamp
    camcors policy set allow_credentials true
    camcors policy set allowed_origins '*'
    """
    meant = value_of(field, value)

    def change(fields: Fields, current: Policy) -> str:
        if field in fields and fields[field] == meant and type(fields[field]) is type(meant):
            return f"{field} is {json.dumps(meant)} already"
        fields[field] = meant
        return ""

    _change(port, as_json, change, yes)


@click.command()
@yes_option
@on_board
def edit(yes: bool, port: str | None, as_json: bool) -> None:
    """Open the camera's policy in your editor ($VISUAL or $EDITOR).

    A faulty file is offered again with its faults as comments; leave it as it is to give up.
    Asks before it lets in more than before. What you wrote is never lost: if it does not reach
    the camera, it is kept in a file.
    """
    from ..policy.editor import Draft

    out = Output(as_json)
    with Board(port, out) as board:
        base = camera.policy_file(board)
    with Draft(base if base is not None else document.write(_NEW), out) as draft:
        text = draft.edit()
        if text == base:
            out.result({"changed": False})
            out.say("nothing was changed")
            return
        _put_edited(port, out, base, text, yes)


def _put_edited(port: str | None, out: Output, base: bytes | None, text: bytes, yes: bool) -> None:
    with Board(port, out) as board:
        current = camera.policy_file(board)
        if current != base:
            raise Failure("the policy on the camera was changed by another while you edited")
        put_in_force(board, out, current, text, document.parse(text), yes)


COMMANDS = (allow, deny, set_field, edit)


def _change(
    port: str | None, as_json: bool, change: Callable[[Fields, Policy], str], is_agreed: bool = False
) -> None:
    """Change the fields of the camera's file; `change` returns why there is nothing to do, or ""."""
    out = Output(as_json)
    with Board(port, out) as board:
        current = camera.policy_file(board)
        fields = dict(_NEW) if current is None else _fields(current)
        nothing = change(fields, document.parse(document.write(fields)))
        if nothing:
            out.result({"changed": False, "reason": nothing})
            out.say(f"nothing to change: {nothing}")
            return
        text = document.write(fields)
        try:
            new = document.parse(text)
        except PolicyError as exc:
            first, *others = str(exc).split("\n")
            found = [each._asdict() for each in exc.faults]
            raise Failure(first, "", Status.REFUSED, others, faults=found) from None
        put_in_force(board, out, current, text, new, is_agreed)


def _fields(text: bytes) -> Fields:
    """Return the fields of the camera's file as they stand there. Raises Failure if it is not valid."""
    try:
        document.parse(text)
    except PolicyError as exc:
        located = faults.locate(text, exc.faults)
        remedy = "fix it with camcors policy edit"
        raise faults.refusal(document.PATH, document.VALID, located, remedy) from None
    fields: Fields = json.loads(text)
    return fields


def _covering(policy: Policy, origin: str) -> str | None:
    """Return the pattern of `policy` that allows `origin`, or None."""
    for pattern in policy.allowed_origins:
        if Policy(allowed_origins=[pattern]).matches(origin):
            return pattern
    return None


def value_of(field: str, text: str) -> Any:
    """Return what a person means by `text` as the value of `field`. What it may be, the policy says."""
    if text == "null" and _NULLABLE[field]:
        return None
    kind = _KINDS[field]
    if kind == LIST and text == "*" and field == "allowed_origins":
        return text
    if kind == LIST and not text.startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    if kind in (LIST, BOOL, INT):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
