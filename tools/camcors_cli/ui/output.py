"""What a person sees: tables and colours on a terminal, plain lines in a pipe, or JSON.

Every printed word of the command goes through this module. Text is data here, never markup: what a board, a
camera, a file or a server said cannot steer a terminal, forge a line, or flood the screen.
"""

from __future__ import annotations

import functools
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

import click

from .errors import Failure

if TYPE_CHECKING:
    from .console import Drawing

_PIPE_WIDTH = 1000  # columns: nothing is wrapped where nobody looks
_LINE_MAX = 10_000  # characters: a command with a policy's longest list has 8 KB
_TEXT_MAX = 65_536  # characters that one command prints for a person
_CONTENT_MAX = 15_000  # bytes of a file, of which each may take four characters when it is escaped
_TASK_MAX = 60  # characters of what goes on, beside its bar


def escape(text: str, most: int = _LINE_MAX) -> str:
    """Return `text` as one line that is safe on a terminal, cut after `most` characters.

    Controls, line breaks, bidi controls and lone surrogates are shown as Python's escapes; a tab stays.
    """
    shown = "".join(char if char.isprintable() or char == "\t" else ascii(char)[1:-1] for char in text[:most])
    return shown if len(text) <= most else f"{shown}… ({len(text) - most} more characters)"


def to_json(value: Any, indent: int | None = 2) -> str:
    """Return `value` as JSON in ASCII without control characters; a lone surrogate becomes U+FFFD.

    indent: None puts it on one line.
    """
    text = json.dumps(_well_formed(value), indent=indent, allow_nan=False)
    return text.replace("\x7f", "\\u007f")  # the one control character that json leaves as it is


def _well_formed(value: Any) -> Any:
    """`value` without lone surrogates, which many readers of JSON refuse (RFC 8259 section 8.2), and with an
    infinite number, which a policy's 1e999 is, as a text."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {_well_formed(str(key)): _well_formed(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_well_formed(each) for each in value]
    return value


@contextmanager
def _to_stdout() -> Iterator[None]:
    """What is printed in it has left the process after it.

    A reader that has enough, as `head`, changes neither what a command does nor its exit status.
    Raises Failure if there is no room.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as exc:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python tries again at its end
        if not isinstance(exc, BrokenPipeError):
            raise Failure(f"cannot write the answer: {exc.strerror}", "write it to another place") from None


def _takes_colours() -> bool:
    """Return whether colours may be wanted on stdout; rich knows the terminals, and its variables."""
    return sys.stdout.isatty() or "FORCE_COLOR" in os.environ


class Output:
    """Owned by one command. Answers go to stdout; notes and progress to stderr.

    as_json: stdout gets one JSON value by `result`, and nothing else.
    """

    def __init__(self, as_json: bool = False):
        self.as_json = as_json
        self._left = _TEXT_MAX

    def result(self, value: Any) -> None:
        """The command's answer for `--json`."""
        if self.as_json:
            self.raw(to_json(value).encode() + b"\n")

    def result_line(self, value: Any) -> None:
        """One of an unknown number of answers for `--json`, on a line of its own."""
        if self.as_json:
            self.raw(to_json(value, None).encode() + b"\n")

    def raw(self, data: bytes) -> None:
        """The answer as it is: for JSON, and for what this command has made itself."""
        with _to_stdout():
            click.echo(data, nl=False)

    def content(self, data: bytes, remedy: str) -> None:
        """The content of a file: as it is in a pipe, escaped on a terminal.

        remedy: how to get it byte by byte.
        """
        if not sys.stdout.isatty():
            self.raw(data)
            return
        text = data[:_CONTENT_MAX].decode(errors="backslashreplace")
        shown = text.removesuffix("\n").split("\n")
        for line in shown:
            self.say(line)
        if "\n".join(map(escape, shown)).encode() != data.removesuffix(b"\n"):
            self.note(f"this is not the file byte by byte: {remedy}")

    def say(self, text: str, style: str = "") -> None:
        """A line of the answer for a person."""
        line = escape(text)
        if not self.as_json and self._fits(line):
            with _to_stdout():
                self._print(line, style)

    def _print(self, line: str, style: str) -> None:
        if style and _takes_colours():
            self._drawing.say(line, style)
        else:
            click.echo(line.expandtabs())

    @functools.cached_property
    def _drawing(self) -> Drawing:
        from .console import Drawing

        return Drawing(None if sys.stdout.isatty() else _PIPE_WIDTH)

    def note(self, text: str) -> None:
        """A line beside the answer."""
        self._error_line("camcors: " + text)

    def failure(self, failure: Failure) -> None:
        """Why the command ends: its first line with the command's name, the others below it."""
        if failure.as_json:
            with suppress(Failure):  # that there is no room for it is not why the command ends
                self.raw(to_json(failure.to_json()).encode() + b"\n")
        first, *others = failure.said()
        self._error_line(f"camcors: {first}")
        for line in others:
            self._error_line(line)

    def usage(self, error: click.ClickException) -> None:
        """What is wrong with the command line, in click's own words."""
        context = getattr(error, "ctx", None)
        if context:
            for line in context.get_usage().split("\n"):
                self._error_line(line)
            self._error_line(f"Try '{context.command_path} {context.help_option_names[0]}' for help.")
            self._error_line("")
        self._error_line("Error: " + " ".join(error.format_message().split()))

    def aborted(self) -> None:
        """The person has ended it."""
        self._error_line("Aborted!")

    def table(self, rows: Iterable[Sequence[str]], heads: Sequence[str] = ()) -> None:
        """A table for a person, the first column in bold; with `heads` above it if there are any."""
        if self.as_json:
            return
        shown: list[list[str]] = []
        for row in rows:
            cells = [escape(cell) for cell in row]
            if not self._fits("".join(cells)):
                break
            shown.append(cells)
        with _to_stdout():  # rich writes, if nothing, at the end of a capture too
            self._drawing.table(shown, heads)

    def diff(self, lines: Iterable[str]) -> None:
        """The lines of a unified diff."""
        styles = {"+": "green", "-": "red", "@": "cyan"}
        for line in lines:
            self.say(line, styles.get(line[:1], ""))

    @contextmanager
    def progress(self, what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """Show on a terminal that `what` goes on; yield what is called with the steps done of `total`."""
        if not sys.stderr.isatty():
            yield lambda done: None
            return
        from .console import progress

        with progress(escape(what, _TASK_MAX), total) as show:
            yield show

    @property
    def has_signs(self) -> bool:
        """Whether the answer goes to a terminal that can show more than ASCII."""
        return sys.stdout.isatty() and (sys.stdout.encoding or "").lower() in ("utf-8", "utf8")

    @staticmethod
    def ask_secret(question: str) -> str:
        """Return what a person types without an echo."""
        return str(click.prompt(escape(question), hide_input=True, err=True))

    @property
    def can_ask(self) -> bool:
        """Whether there is a person who reads a question and answers it."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    @staticmethod
    def ask(question: str) -> bool:
        """Return whether a person says yes; no answer is none."""
        return click.confirm(escape(question), default=False, err=True)

    def _error_line(self, text: str) -> None:
        line = escape(text)
        if self._fits(line):
            with suppress(OSError):  # nobody reads it; what the command does goes on
                click.echo(line, err=True)

    def _fits(self, line: str) -> bool:
        """Return whether there is room for one more line; says once when there is no more."""
        if self._left < 0:
            return False
        self._left -= len(line) + 1
        if self._left < 0:
            with suppress(OSError):
                click.echo("camcors: there is more, which is not shown", err=True)
        return self._left >= 0


def show_traceback(
    kind: type[BaseException], value: BaseException, trace: TracebackType | None, file: IO[str] | None = None
) -> None:
    """A fault of this program itself, as Python shows it; its message may hold what a board said."""
    import traceback

    for block in traceback.format_exception(kind, value, trace):
        for line in block.split("\n"):
            if line:
                click.echo(escape(line), file=file, err=True)


def prepare() -> None:
    """Make a program's streams and Python's own messages safe; once, before anything is printed."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # of a locale that is not UTF-8
    sys.excepthook = show_traceback


def silence_logs() -> None:
    """Keep what libraries log from stderr. Called where one is used: the module logging is slow to import."""
    import logging

    logging.lastResort = None
