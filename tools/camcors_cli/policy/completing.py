"""What the shell offers for a policy: its fields' values, and the origins that the camera's has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import click
from click.shell_completion import CompletionItem

from cors.fields import FIELDS, LIST, METHOD, ORIGIN, REQUEST_HEADER, RESPONSE_HEADER
from strict.field import BOOL, CHOICE, INT

from ..device import camera
from ..device.idle import ask_in_passing
from ..ui.output import escape

_ITEMS = {
    METHOD: ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
    REQUEST_HEADER: ("Authorization", "Content-Type", "X-Requested-With"),
    RESPONSE_HEADER: ("X-Frame-Id", "X-Timestamp"),
}


def values(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the values of the field that stands before, as `camcors policy set` takes them."""
    rows = [row for row in FIELDS if row[0] == ctx.params.get("field")]
    if not rows:
        return []
    kind, limit, is_nullable = rows[0][1], cast(Any, rows[0][2]), rows[0][4]  # a limit is of its kind
    offered: list[str] = ["null"] if is_nullable else []
    if kind == BOOL:
        offered += ["true", "false"]
    elif kind == CHOICE:
        offered += limit
    elif kind == INT:
        offered += dict.fromkeys(map(str, limit))
    elif kind == LIST:
        offered += _listed(ctx, limit, incomplete)
    return _beginning(incomplete, offered)


def _listed(ctx: click.Context, kind: str, incomplete: str) -> Iterable[str]:
    """Yield `incomplete`, a list as A,B, with each further item that it may have."""
    before = incomplete.rpartition(",")[0]
    if kind == ORIGIN:
        yield "*"
    given = before.split(",") if before else []
    for each in _origins(ctx) if kind == ORIGIN else _ITEMS.get(kind, ()):
        if each not in given:
            yield ",".join([*given, each])


def origins(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the origins that the policy in force on the camera allows; [] if that is not known at once."""
    return _beginning(incomplete, _origins(ctx))


def _origins(ctx: click.Context) -> list[str]:
    return ask_in_passing(ctx.params.get("port"), lambda board: camera.policy_in_force(board).allowed_origins)


def _beginning(incomplete: str, offered: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(escape(each)) for each in offered if each.startswith(incomplete)]
