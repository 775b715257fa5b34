"""What the camera drivers can be set to: the FIELDS of firmware/X/fields.py, which imports nothing."""

from __future__ import annotations

import runpy
from pathlib import Path

from strict.field import CHOICE, INT

#: field -> kind and limit, by strict.field.
Fields = dict[str, tuple[str, object]]


def fields(firmware: Path, driver: str) -> Fields | None:
    """Return the fields of one driver, None if it does not say them. firmware: the folder of all drivers."""
    path = firmware / driver / "fields.py"
    if not path.is_file():
        return None
    found: Fields = runpy.run_path(str(path))["FIELDS"]
    return found


def every(firmware: Path) -> dict[str, Fields]:
    """Return the fields of each driver that says them, by its name."""
    found = ((path.parent.name, fields(firmware, path.parent.name)) for path in firmware.glob("*/fields.py"))
    return {name: said for name, said in sorted(found) if said is not None}


def widest(drivers: dict[str, Fields]) -> Fields:
    """Return what some driver takes, for a file of which nobody knows the board."""
    merged: Fields = {}
    for said in drivers.values():
        for name, (kind, limit) in said.items():
            merged[name] = (kind, _either(kind, merged[name][1], limit) if name in merged else limit)
    return merged


def _either(kind: str, one: object, other: object) -> object:
    """Return the limit that takes what `one` or `other` does."""
    if kind == INT:
        assert isinstance(one, tuple) and isinstance(other, tuple)
        return min(one[0], other[0]), max(one[1], other[1])
    if kind == CHOICE:
        assert isinstance(one, tuple) and isinstance(other, tuple)
        return one + tuple(choice for choice in other if choice not in one)
    return one
