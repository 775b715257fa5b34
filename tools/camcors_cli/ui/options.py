"""The options that commands have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem
from serial.tools import list_ports

from .output import escape

Function = TypeVar("Function", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON value instead of text.")


def _complete_port(*_: Any) -> list[CompletionItem]:
    # The description is the device's own, and click gives it to the shell as it is.
    return [CompletionItem(each.device, help=escape(each.description)) for each in list_ports.comports()]


port_option = click.option(
    "--port",
    envvar="CAMCORS_PORT",
    metavar="PORT",
    shell_complete=_complete_port,
    help="The board's serial port, the name of a camera's REPL, id:SERIAL_NUMBER, or socket://HOST:PORT. "
    "Not needed for a single board.",
)


def on_board(function: Function) -> Function:
    """Give a command `--port` and `--json`."""
    return port_option(json_option(function))
