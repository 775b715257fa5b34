"""What was found, a line each with a mark: what `explain` and `doctor` print."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, NamedTuple

from .output import Output


class Mark(Enum):
    """What a line says: it passes, it blocks, or a person should know it."""

    OK = "ok"
    NO = "no"
    NOTE = "note"


_SIGNS = {Mark.OK: "✓", Mark.NO: "✗", Mark.NOTE: "!"}
_STYLES = {Mark.OK: "", Mark.NO: "red", Mark.NOTE: "yellow"}


class Step(NamedTuple):
    """One line of the answer. remedy: what a person does about it, where no command of ours helps."""

    mark: Mark
    text: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """mark: "ok", "no" or "note"; text; remedy, where there is one."""
        said = {"mark": self.mark.value, "text": self.text}
        return {**said, "remedy": self.remedy} if self.remedy else said


def ok(text: str) -> Step:
    return Step(Mark.OK, text)


def no(text: str, remedy: str = "") -> Step:
    return Step(Mark.NO, text, remedy)


def note(text: str) -> Step:
    return Step(Mark.NOTE, text)


def show(out: Output, steps: Iterable[Step]) -> None:
    """Print `steps`: with signs on a terminal that can, with words in a pipe."""
    for step in steps:
        mark = _SIGNS[step.mark] if out.has_signs else f"{step.mark.value:4}"
        out.say(f"{mark} {step.text}", _STYLES[step.mark])


_VERDICTS = {Mark.OK: "bold green", Mark.NO: "bold red", Mark.NOTE: "bold yellow"}


def show_verdict(
    out: Output, reason: str | None, endpoint: Step | None, fixes: Iterable[str], remarks: Iterable[str]
) -> None:
    """Print the last lines: what the browser decides, what the endpoint makes of the request, the commands
    that fix it, and what to know of these.

    endpoint: None if the request reaches none.
    """
    out.say("")
    out.say(f"blocked: {reason}" if reason else "CORS: allowed", _VERDICTS[Mark.NO if reason else Mark.OK])
    if endpoint:
        out.say(f"endpoint: {endpoint.text}", _VERDICTS[endpoint.mark])
    fixes = list(fixes)
    if fixes:
        out.say("to allow it:")
    for fix in fixes:
        out.say(f"  {fix}", "bold")
    for remark in remarks:
        for line in remark.split("\n"):  # a policy's faults have a line each
            out.say(line)
