"""What a person writes of a token, as parameters of a command: its name, and its role."""

from __future__ import annotations

from typing import Any

import click

from access.document import Access
from access.roles import ROLES
from strict import fault
from strict.fault import AccessError

_SOME_HASH = "0" * 64


class _Name(click.ParamType[str]):
    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            Access().with_token(value, ROLES[0], _SOME_HASH)
        except AccessError as exc:
            self.fail(f"{exc.faults[0].reason}; {exc.faults[0].remedy}", param, ctx)
        return str(value)


class _NameAndRole(click.ParamType[tuple[str, str]]):
    name = "name:role"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        name, _, role = str(value).rpartition(":")
        if role not in ROLES:
            remedy = f"write NAME:ROLE, with one of the roles {', '.join(ROLES)}"
            self.fail(f"{fault.show(value)} names no role; {remedy}", param, ctx)
        return NAME.convert(name, param, ctx), role


NAME = _Name()
NAME_AND_ROLE = _NameAndRole()
