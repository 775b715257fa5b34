"""JSON Schema of what a field takes, by the kinds of strict.field."""

from __future__ import annotations

from typing import Any

from strict.field import BOOL, CHOICE, INT, TEXT


def of(kind: str, limit: Any) -> dict[str, Any]:
    """Return the schema of a value. Raise KeyError for a kind that a table's own module checks."""
    if kind == INT and limit[0] == limit[1]:
        return {"const": limit[0]}
    if kind == INT:
        return {"type": "integer", "minimum": limit[0], "maximum": limit[1]}
    if kind == CHOICE:
        return {"enum": list(limit)}
    if kind == TEXT:  # no control characters
        return {"type": "string", "maxLength": limit, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"}
    return {BOOL: {"type": "boolean"}}[kind]
