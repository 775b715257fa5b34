"""The one error of the command, and its exit statuses."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import IO, Any

import click

from .plain import plain


class Status(IntEnum):
    """Exit statuses. 2 is click's, for a command that was not written right."""

    DONE = 0
    REFUSED = 1  # the answer is no: an invalid policy, a request that a browser would block
    UNREACHABLE = 3  # no board, no camera, or lost on the way
    FAILED = 4  # the board answered, and could not do it; or a file here could not be read or written


class Failure(click.ClickException):
    """Why a command ends: one line, with what to do about it.

    details: JSON values that `--json` prints beside the two.
    """

    exit_code: int  # type: ignore[misc] # click has one for the class

    def __init__(self, message: str, remedy: str = "", status: Status = Status.FAILED, **details: Any):
        super().__init__(message)
        self.remedy = remedy
        self.exit_code = status
        self.details = details
        context = click.get_current_context(silent=True)
        self.as_json = bool(context and context.params.get("as_json"))

    def show(self, file: IO[Any] | None = None) -> None:
        if self.as_json:
            said = {"error": self.message, "remedy": self.remedy, **self.details}
            click.echo(json.dumps(said, indent=2))
        click.echo(f"camcors: {plain(str(self))}", err=True)

    def __str__(self) -> str:
        between = "\n" if "\n" in self.message else "; "
        return self.message + between + self.remedy if self.remedy else self.message
