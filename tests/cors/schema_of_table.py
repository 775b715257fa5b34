"""What the JSON Schema has to say about each field, worked out from the table of fields."""

from camcors_build import json_schema

from cors.fields import FIELDS, LIST, ORIGIN

_NO_DEFAULT = ("version", "resource_policy")  # required; depends on allowed_origins


def properties():
    """Return the schema of each field by name, but for its description."""
    return {row[0]: _property(*row) for row in FIELDS}


def _property(name, kind, limit, default, nullable):
    schema = {"type": "array", "items": {"type": "string"}} if kind == LIST else json_schema.of(kind, limit)
    if nullable:
        schema["type"] = [schema["type"], "null"]
    if limit == ORIGIN and kind == LIST:
        schema = {"anyOf": [{"const": "*"}, schema]}
    if name not in _NO_DEFAULT:
        schema["default"] = list(default) if isinstance(default, tuple) else default
    return schema
