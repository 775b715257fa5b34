"""The faults of a JSON file on this side of the cable, each with the line where it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from strict import fault
from strict.fault import HIDDEN, Fault

from .errors import Failure, Status

_PLACE = re.compile(r"line (\d+), column \d+")
_STEP = re.compile(
    r"\]?\.|\[(?=\d+(?:\]\.|$))"
)  # in front of the name of a member, or of the number of an item


class Located(NamedTuple):
    """Faults of one value: the line (from 1) where it stands, if it stands anywhere, and the words."""

    line: int | None
    text: str
    faults: tuple[Fault, ...]

    def to_json(self) -> list[dict[str, Any]]:
        """Return each fault as an object: line, field, value (unless nobody may see it), reason, remedy."""
        said = [{"line": self.line, **each._asdict()} for each in self.faults]
        return [{key: value for key, value in each.items() if value is not HIDDEN} for each in said]


def refusal(name: str, kind: str, located: list[Located], remedy: str = "") -> Failure:
    """Return the Failure that lists `located`, a line for each value.

    name: what people call the file. kind: what it should be, such as "a valid policy".
    """
    count = len(located)
    heading = f"{name} is not {kind} ({count} fault{'s' if count != 1 else ''})"
    lines = [f"{name}:{each.line or 1}: {each.text}" for each in located]
    faults = [fault for each in located for fault in each.to_json()]
    return Failure(heading, remedy, Status.REFUSED, lines, faults=faults)


def locate(text: bytes, faults: Iterable[Fault]) -> list[Located]:
    """Return `faults` of the file `text` by value and in its order; those of no line come first."""
    lines = _Lines(text)
    located = [Located(lines.find(group[0].field), fault.lines(group), group) for group in _by_value(faults)]
    return sorted(located, key=lambda each: each.line or 0)


def line_of(text: bytes, field: str) -> int | None:
    """Return the line of the JSON file `text` on which a field stands, from 1, or None."""
    return _Lines(text).find(field)


def _by_value(faults: Iterable[Fault]) -> Iterator[tuple[Fault, ...]]:
    """Faults in a row of one value, which `fault.lines` prints as one."""
    group: list[Fault] = []
    for each in faults:
        if group and (each.field, each.value, each.remedy) != (
            group[0].field,
            group[0].value,
            group[0].remedy,
        ):
            yield tuple(group)
            group = []
        group.append(each)
    if group:
        yield tuple(group)


class _Lines:
    """Where in a JSON text its fields stand."""

    def __init__(self, text: bytes):
        import json_source_map  # only a faulty file needs it

        try:
            found = json_source_map.calculate(text.decode("utf-8-sig"))
            # The library leaves keys as they are written, with their escapes.
            self._map = {json.loads(f'"{pointer}"'): entry for pointer, entry in found.items()}
        except (ValueError, IndexError, RecursionError, json_source_map.errors.BaseError):
            self._map = {}  # faulty syntax: its one fault says its place itself

    def find(self, field: str) -> int | None:
        """Return the line of a fault's field, from 1, or None if the field stands nowhere.

        field: a key, "limits.stream_fps", "allowed_origins[1]", "tokens[0].name" or "line 1, column 2". That
        of a member which is missing is its object's.
        """
        place = _PLACE.fullmatch(field)
        if place:
            return int(place[1])
        path = _STEP.split(field.removesuffix("]"))
        return self._line(field) or self._line(*path) or (self._line(*path[:-1]) if path[1:] else None)

    def _line(self, *path: str) -> int | None:
        """Return the line of what has this path or begins with it: a fault cuts a long key short."""
        pointer = "".join("/" + each for each in path)  # the library escapes neither ~ nor /
        found = self._map.get(pointer) or next(
            (self._map[at] for at in self._map if at.startswith(pointer)), None
        )
        if found is None:
            return None
        start = found.key_start or found.value_start
        return int(start.line) + 1
