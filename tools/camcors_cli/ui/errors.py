"""The one error of the command, and its exit statuses."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import IO, Any

import click


class Status(IntEnum):
    """Exit statuses. 2 is click's, for a usage error."""

    DONE = 0
    REFUSED = 1  # the answer is no: an invalid policy, a request that is blocked or that the endpoint refuses
    UNREACHABLE = 3  # no board, no camera, or lost on the way
    FAILED = 4  # the board answered, and could not do it; or a file here could not be read or written


class Failure(click.ClickException):
    """Why a command ends: one line, with what to do about it.

    lines: what is listed below the message. details: JSON values that `--json` prints beside them.
    """

    exit_code: int  # type: ignore[misc] # click has one for the class

    def __init__(
        self,
        message: str,
        remedy: str = "",
        status: Status = Status.FAILED,
        lines: Sequence[str] = (),
        **details: Any,
    ):
        super().__init__(message)
        self.remedy = remedy
        self.exit_code = status
        self.lines = tuple(lines)
        self.details = details
        context = click.get_current_context(silent=True)
        self.as_json = bool(context and context.params.get("as_json"))

    def show(self, file: IO[Any] | None = None) -> None:
        """What click calls where a command is run without the group."""
        from .output import Output  # which needs this class

        Output().failure(self)

    def said(self) -> list[str]:
        """Return the lines for a person."""
        if self.lines:
            return [self.message, *self.lines, *filter(None, [self.remedy])]
        return [f"{self.message}; {self.remedy}" if self.remedy else self.message]

    def to_json(self) -> dict[str, Any]:
        """error, remedy and the details."""
        return {"error": "\n".join([self.message, *self.lines]), "remedy": self.remedy, **self.details}

    def __str__(self) -> str:
        return "\n".join(self.said())
