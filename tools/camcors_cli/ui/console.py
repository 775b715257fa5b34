"""What rich draws: colours, tables, progress. Imported only for these: rich takes longer than most commands.

It is given text that is safe on a terminal already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to who prints; rich would end the command in the middle of its work."""
        raise  # rich calls this while it handles the BrokenPipeError


class Drawing:
    """What goes to stdout; owned by one Output. width: columns, None for the terminal's."""

    def __init__(self, width: int | None) -> None:
        self._console = _Console(highlight=False, soft_wrap=True, width=width)

    def say(self, line: str, style: str) -> None:
        self._console.print(Text(line, style=style))

    def table(self, rows: Sequence[Sequence[str]], heads: Sequence[str]) -> None:
        """Print a table, the first column in bold; with `heads` above it if there are any."""
        table = Table(box=box.SIMPLE_HEAD if heads else None, show_header=bool(heads), pad_edge=False)
        for column in range(len(rows[0]) if rows else 0):
            head = heads[column] if heads else ""
            table.add_column(head, style="" if column else "bold", overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        with self._console.capture() as captured:
            self._console.print(table)
        lines = captured.get().splitlines()
        self._console.file.write("".join(line.rstrip() + "\n" for line in lines if line.strip()))


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show on stderr that `what` goes on; yield what is called with the steps done of `total`."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = [
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        *([BarColumn()] if total else []),
        TimeElapsedColumn(),
    ]
    console = _Console(stderr=True, highlight=False, soft_wrap=True)
    # Not redirected: rich would print what libraries print.
    with Progress(
        *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False
    ) as shown:
        task = shown.add_task(what, total=total)
        yield lambda done: shown.update(task, completed=done)
