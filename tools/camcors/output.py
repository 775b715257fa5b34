"""What a person sees: tables and colours on a terminal, plain lines in a pipe, or JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .errors import Failure
from .plain import plain

_PIPE_WIDTH = 1000  # columns: nothing is wrapped where nobody looks


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leaves it to `_to_stdout`; rich would end the command in the middle of its work."""
        raise  # rich calls this while it handles the BrokenPipeError


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


class Output:
    """Owned by one command. Answers go to stdout; notes and progress to stderr.

    as_json: stdout gets one JSON value by `result`, and nothing else.
    """

    def __init__(self, as_json: bool = False):
        self.as_json = as_json
        width = None if sys.stdout.isatty() else _PIPE_WIDTH
        self._console = _Console(highlight=False, soft_wrap=True, width=width)
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)

    def result(self, value: Any) -> None:
        """The command's answer for `--json`."""
        if self.as_json:
            self.raw(json.dumps(value, indent=2).encode() + b"\n")

    def raw(self, data: bytes) -> None:
        """The answer as it is."""
        with _to_stdout():
            click.echo(data, nl=False)

    def say(self, text: str, style: str = "") -> None:
        """A line of the answer for a person."""
        if not self.as_json:
            with _to_stdout():
                self._console.print(Text(plain(text), style=style))

    def note(self, text: str) -> None:
        """A line beside the answer."""
        self._errors.print(Text("camcors: " + plain(text)))

    def table(self, rows: Iterable[Sequence[str]], heads: Sequence[str] = ()) -> None:
        """A table for a person, the first column in bold; with `heads` above it if there are any."""
        if self.as_json:
            return
        table = Table(box=box.SIMPLE_HEAD if heads else None, show_header=bool(heads), pad_edge=False)
        for index, row in enumerate(rows):
            if not index:
                for column in range(len(row)):
                    head = heads[column] if heads else ""
                    table.add_column(head, style="" if column else "bold", overflow="fold")
            table.add_row(*(Text(plain(cell)) for cell in row))
        with _to_stdout():  # rich writes, if nothing, at the end of a capture too
            with self._console.capture() as captured:
                self._console.print(table)
            lines = captured.get().splitlines()
            self._console.file.write("".join(line.rstrip() + "\n" for line in lines if line.strip()))

    def diff(self, lines: Iterable[str]) -> None:
        """The lines of a unified diff."""
        styles = {"+": "green", "-": "red", "@": "cyan"}
        for line in lines:
            self.say(line, styles.get(line[:1], ""))

    @contextmanager
    def progress(self, what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """Shows on a terminal that `what` goes on; yields what is called with the steps done of `total`."""
        if not self._errors.is_terminal:
            yield lambda done: None
            return
        columns = [SpinnerColumn(), TextColumn("{task.description}"), *([BarColumn()] if total else [])]
        with Progress(*columns, TimeElapsedColumn(), console=self._errors, transient=True) as shown:
            task = shown.add_task(what, total=total)
            yield lambda done: shown.update(task, completed=done)
