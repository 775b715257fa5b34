"""Tables that the build writes into pages of docs/, between two marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .source import BuildError


def marks(name: str) -> tuple[str, str]:
    """Return the lines between which the table `name` stands."""
    return f"<!-- {name}: written by make table -->", f"<!-- /{name} -->"


def put(page: str, text: str, name: str, table: str) -> str:
    """Return the `text` of a page with a current table. Raise BuildError where the marks are missing."""
    first, last = marks(name)
    start, end = text.find(first), text.find(last)
    if start < 0 or end < start:
        raise BuildError(f"{page} has no table of {name}; write {first} and {last}")
    return f"{text[: start + len(first)]}\n{table}{text[end:]}"


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [heads, *rows]
    table = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines]
    table.insert(1, "|---" * len(heads) + "|\n")
    return "".join(table)
