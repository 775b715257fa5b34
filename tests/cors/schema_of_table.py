"""What the JSON Schema has to say about each field, worked out from the table of fields."""

from cors.fields import FIELDS, LIST, ORIGIN
from strict.field import BOOL, CHOICE, INT

_NO_DEFAULT = ("version", "resource_policy")  # required; depends on allowed_origins


def properties():
    """Return the schema of each field by name, but for its description."""
    return {row[0]: _property(*row) for row in FIELDS}


def _property(name, kind, limit, default, nullable):
    if kind == BOOL:
        schema = {"type": "boolean"}
    elif kind == INT and limit[0] == limit[1]:
        schema = {"const": limit[0]}
    elif kind == INT:
        schema = {"type": "integer", "minimum": limit[0], "maximum": limit[1]}
    elif kind == CHOICE:
        schema = {"enum": list(limit)}
    else:
        assert kind == LIST
        schema = {"type": "array", "items": {"type": "string"}}
    if nullable:
        schema["type"] = [schema["type"], "null"]
    if limit == ORIGIN and kind == LIST:
        schema = {"anyOf": [{"const": "*"}, schema]}
    if name not in _NO_DEFAULT:
        schema["default"] = list(default) if isinstance(default, tuple) else default
    return schema
