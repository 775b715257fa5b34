"""The options that commands have in common."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from strict import fault

from .output import escape

Function = TypeVar("Function", bound=Callable[..., Any])

_FROM_GROUP = "camcors.port"  # in click's `meta`, which nested contexts share
_SOCKET = re.compile(r"(?!(?:id|port):)(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]+")

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON value instead of text.")


yes_option = click.option("--yes", is_flag=True, help="Do not ask whether it is meant that more get in.")


class _Port(click.ParamType[str]):
    """The name of a board's port. What is an HTTP port's, or a socket's without its scheme, is said."""

    name = "port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        given = str(value)
        if os.path.exists(given):
            return given
        shown = fault.show(given)
        if given.isdecimal():
            self.fail(f"{shown} is the number of a TCP port, not a board's port; {_number(given, ctx)}")
        if given.startswith(("http:", "https:")):
            self.fail(f"{shown} is an address for browsers, not a board's port; {_ADDRESS}")
        if _SOCKET.fullmatch(given):
            self.fail(f"{shown} is not a port; did you mean socket://{given}?")
        return given


_ADDRESS = "camcors doctor takes it; the port is that of the REPL, such as build/HOST/repl"


def _number(given: str, ctx: click.Context | None) -> str:
    """Return what to write instead of a number: that of the dashboard, where a command has one."""
    names = {name for each in ctx.command.params for name in each.opts} if ctx else set()
    if "--http-port" in names:
        return f"for the dashboard's, write --http-port {given}"
    return f"for a REPL at that port, write socket://127.0.0.1:{given}"


class _PortOption(click.Option):
    """The nearest --port of the command line counts: a command's, else that of a group before it."""

    def consume_value(self, ctx: click.Context, opts: Any) -> tuple[Any, ParameterSource]:
        value, source = super().consume_value(ctx, opts)
        if source is not ParameterSource.COMMANDLINE and _FROM_GROUP in ctx.meta:
            return ctx.meta[_FROM_GROUP], ParameterSource.COMMANDLINE
        return value, source


def _complete_port(*_: Any) -> list[CompletionItem]:
    from serial.tools import list_ports

    # The description is the device's own, and click gives it to the shell as it is.
    return [CompletionItem(each.device, help=escape(each.description)) for each in list_ports.comports()]


def _keep(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.meta[_FROM_GROUP] = value


def _port_option(without: str) -> Callable[[Function], Function]:
    """Return `--port`, whose help ends with what is so `without` it."""
    ports = "The board's serial port, the name of a camera's REPL, id:SERIAL_NUMBER, or socket://HOST:PORT."
    return click.option(
        "--port",
        cls=_PortOption,
        type=_Port(),
        envvar="CAMCORS_PORT",
        metavar="PORT",
        shell_complete=_complete_port,
        help=f"{ports} {without}",
    )


port_option = _port_option("Not needed for a single board.")
#: The same where no board is looked for.
known_port_option = _port_option("Without it no board is asked.")

#: The same of a group, for the commands in it; the command says what is wrong with it.
group_port_option = click.option(
    "--port",
    metavar="PORT",
    shell_complete=_complete_port,
    expose_value=False,
    callback=_keep,
    help="The board's port, as each command that asks a board takes it.",
)


def on_board(function: Function) -> Function:
    """Give a command `--port` and `--json`."""
    return port_option(json_option(function))
