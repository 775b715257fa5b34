"""Policy files on this side of the cable: checked with the camera's own validator, located, compared."""

from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import json_source_map
from publicsuffixlist import PublicSuffixList

from cors import Policy, PolicyError, fields
from strict import fault
from strict.fault import Fault

from ..ui.errors import Failure, Status

PATH = "/policy.json"
COPIES = ("/policy.good.json", "/policy.prev.json")  # of what is in force, and was before
_COMPARED_MAX = 32_768  # bytes: a policy has 8 KB, and comparing takes their square
_PLACE = re.compile(r"line (\d+), column \d+")
_ITEM = re.compile(r"(.+)\[(\d+)\]")


class Located(NamedTuple):
    """Faults of one value: the line (from 1) where it stands, if it stands anywhere, and the words."""

    line: int | None
    text: str
    faults: tuple[Fault, ...]

    def to_json(self) -> list[dict[str, Any]]:
        """Each fault as an object: line, field, value, reason, remedy."""
        return [{"line": self.line, **each._asdict()} for each in self.faults]


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def is_public_suffix(domain: str) -> bool:
    """Return whether strangers get names below `domain`, by the full list (publicsuffix.org)."""
    if "." not in domain:
        return fields.is_public_suffix(domain)
    return bool(_suffixes().publicsuffix(domain) == domain)


def parse(text: str | bytes) -> Policy:
    """Return the policy that `text` describes. Raises PolicyError with all faults."""
    return Policy.from_json(text, is_public_suffix)


def read(text: bytes, name: str) -> Policy:
    """Return the policy in the file `name`, whose content is `text`.

    Raises Failure with all faults and lines.
    """
    try:
        return parse(text)
    except PolicyError as exc:
        located = locate(text, exc.faults)
        raise refusal(name, located) from None


def refusal(name: str, located: list[Located], remedy: str = "") -> Failure:
    """Return the Failure that lists `located`, a line for each value."""
    count = len(located)
    heading = f"{name} is not a valid policy ({count} fault{'s' if count != 1 else ''})"
    lines = [f"{name}:{each.line or 1}: {each.text}" for each in located]
    faults = [fault for each in located for fault in each.to_json()]
    return Failure(heading, remedy, Status.REFUSED, lines, faults=faults)


def locate(text: bytes, faults: Iterable[Fault]) -> list[Located]:
    """`faults` of the file `text` by value and in the order of the file; those of no line come first."""
    lines = _Lines(text)
    located = [Located(lines.find(group[0].field), fault.lines(group), group) for group in _by_value(faults)]
    return sorted(located, key=lambda each: each.line or 0)


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
        try:
            found = json_source_map.calculate(text.decode("utf-8-sig"))
            # The library leaves keys as they are written, with their escapes.
            self._map = {json.loads(f'"{pointer}"'): entry for pointer, entry in found.items()}
        except (ValueError, IndexError, RecursionError, json_source_map.errors.BaseError):
            self._map = {}  # faulty syntax: its one fault says its place itself

    def find(self, field: str) -> int | None:
        """Return the line of a fault's field, from 1, or None if the field stands nowhere."""
        place = _PLACE.fullmatch(field)
        if place:
            return int(place[1])
        item = _ITEM.fullmatch(field)
        return self._line(field) or (item and self._line(item[1], item[2])) or None

    def _line(self, *path: str) -> int | None:
        pointer = "".join("/" + each for each in path)  # the library escapes neither ~ nor /
        entry = self._map.get(pointer)
        if entry is None:
            return None
        start = entry.key_start or entry.value_start
        return int(start.line) + 1


def difference(old: bytes | None, new: bytes) -> list[str]:
    """Return a unified diff (lines) from what the camera has to what it would get, [] if they are equal."""
    if len(old or b"") > _COMPARED_MAX:
        return [f"the file on the camera has {len(old or b'')} bytes, too many to compare"]
    before = (old or b"").decode(errors="backslashreplace").splitlines()
    after = new.decode(errors="backslashreplace").splitlines()
    return list(difflib.unified_diff(before, after, "on the camera", "new", lineterm=""))


def write(given: dict[str, Any]) -> bytes:
    """Return a policy file: a line for each field, in the order of `given`."""
    rows = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in given.items()]
    return ("{\n" + ",\n".join(rows) + "\n}\n").encode()
