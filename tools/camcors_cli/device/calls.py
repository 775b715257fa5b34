"""Calls of camcors.remote on the board: several go in one exchange, each answer checked by its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from . import answers, remote
from .answers import Check, Odd

CHUNK = 1024  # bytes of a file in one exchange, which has up to four times as many: small for a board's heap

Begun = tuple[int, bytes]  # the size of a file, and its first bytes


class First(NamedTuple):
    """firmware: the version of the board's camcors.remote, None if it has none. runs: its sys.version.

    answered: the answers to the calls, None if the version is another.
    """

    firmware: int | None
    runs: str
    answered: list[Any] | None


class Call:
    """A function of camcors.remote with its arguments, and what checks its answer; as text, the call."""

    def __init__(self, check: Check[Any], function: str, *arguments: object):
        self.check = check
        self._text = remote.call(function, arguments)

    def __str__(self) -> str:
        return self._text


def begin(path: str) -> Call:
    """Return the call that reads the beginning of a file: Begun, or None if there is no such file."""
    return Call(answers.optional(_begun), "begin", path, CHUNK)


def _begun(value: Any) -> Begun:
    size, data = _list_of(2, value)
    return answers.whole(size), answers.chunk(CHUNK)(data)


def expression(calls: Sequence[Call]) -> str:
    """Return the expression whose value `checked` takes."""
    return f"[{', '.join(map(str, calls))}]"


def checked(calls: Sequence[Call], value: Any) -> list[Any]:
    """Return the answers to the calls, from the value of their `expression`. Raises Odd."""
    return [call.check(each) for call, each in zip(calls, _list_of(len(calls), value), strict=True)]


def first_expression(calls: Sequence[Call], version: int) -> str:
    """Return the same for the first exchange with a board, which may have another version."""
    return f"[_version, _sys.version, {expression(calls)} if _version == {version} else None]"


def checked_first(calls: Sequence[Call], version: int, value: Any) -> First:
    """Return what was said first, from the value of `first_expression`. Raises Odd."""
    found, runs, answered = _list_of(3, value)
    found = answers.optional(answers.whole)(found)
    return First(found, answers.text(runs), checked(calls, answered) if found == version else None)


def _list_of(count: int, value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) != count:
        raise Odd(f"not a list of {count}")
    return value
