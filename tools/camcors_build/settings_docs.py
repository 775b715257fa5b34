"""What editors and people read of /camera.json: its JSON Schema, and the tables in docs/api.md.

Both are written from settings.table and from the drivers' fields by `make table`; a test says when they are
out of date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from settings.table import FIELDS, LIMITS, TLS, WIFI
from strict.field import CHOICE, INT

from . import drivers, json_schema, marked
from .drivers import Fields
from .source import with_status

TOP = Path(__file__).resolve().parents[2]
PAGE = TOP / "docs" / "api.md"
SCHEMA = TOP / "src" / "settings" / "camera.schema.json"
FIRMWARE = TOP / "firmware"

Row = tuple[str, str, Any, Any, str, str]

#: What settings.table checks itself, for an editor and for people.
_NUMBER = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_SCHEMAS: dict[str, dict[str, Any]] = {
    "name": {"type": "string", "pattern": "^[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?$"},
    "ipv4": {"type": "string", "pattern": f"^{_NUMBER}(\\.{_NUMBER}){{3}}$"},
    "ssid": {"type": "string", "minLength": 1},
    "password": {"type": "string", "pattern": "^([ -~]{8,63}|[0-9A-Fa-f]{64})?$"},
}
_WORDS = {
    "bool": "`true`, `false`",
    "name": "text, up to {} characters",
    "text": "text, up to {} characters",
    "ipv4": "an IPv4 address",
    "addresses": "a list of up to {} IPv4 addresses",
    "ssid": "text, up to {} bytes",
    "password": "text",
}
_OBJECTS = {
    "camera": "What the camera starts with. A sensor that takes less says so in /api/status.",
    "limits": "What one client, and all together, may take.",
    "tls": "What https does, once the camera has a certificate.",
    "wifi": "The network to join, for boards with a radio.",
}


def schema() -> str:
    """Return the JSON Schema of the file."""
    camera = {name: json_schema.of(*field) for name, field in drivers.widest(drivers.every(FIRMWARE)).items()}
    ignored = {"description": "Where an editor finds this schema. Ignored by the camera."}
    sections = {"camera": _object(camera), "limits": _object(_properties(LIMITS))}
    sections["tls"] = _object(_properties(TLS))
    sections["wifi"] = _object(_properties(WIFI)) | {"required": [row[0] for row in WIFI if row[3] is None]}
    described = {name: {"description": _OBJECTS[name], **section} for name, section in sections.items()}
    whole = _object({"$schema": ignored, **_properties(FIELDS), **described})
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The settings of a camera: /camera.json",
    }
    return json.dumps({**head, **whole}, indent=2) + "\n"


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _properties(rows: tuple[Row, ...]) -> dict[str, Any]:
    return {row[0]: _property(row) for row in rows}


def _property(row: Row) -> dict[str, Any]:
    _, kind, limit, default, _, words = row
    said: dict[str, Any] = {"description": f"{words[0].upper()}{words[1:]}."}
    if kind == "addresses":
        said |= {"type": "array", "items": _SCHEMAS["ipv4"], "maxItems": limit}
    elif kind not in _SCHEMAS:
        said |= json_schema.of(kind, limit)
    else:
        # A network's name is limited in bytes, which are at least as many as its characters.
        said |= _SCHEMAS[kind] | ({} if limit is None else {"maxLength": limit})
    if default is None:
        return said
    return {**said, "default": list(default) if isinstance(default, tuple) else default}


def tables() -> dict[str, str]:
    """Return the tables of docs/api.md by the names in their marks."""
    return {
        "settings": "\n".join((_table("", FIELDS), _table("wifi.", WIFI), _table("tls.", TLS))),
        "limits": _table("", LIMITS),
        "camera settings": _driver_table(drivers.every(FIRMWARE)),
    }


def _table(section: str, rows: tuple[Row, ...]) -> str:
    cells = [(f"`{section}{row[0]}`", _default(row[3]), _takes(row[1], row[2]), row[5]) for row in rows]
    return marked.markdown(("field", "default", "takes", "means"), cells)


def _default(value: Any) -> str:
    return "required" if value is None else f"`{json.dumps(value)}`"


def _takes(kind: str, limit: Any) -> str:
    if kind == INT:
        return "{} … {}".format(*limit)
    if kind == CHOICE:
        return ", ".join(f"`{json.dumps(choice)}`" for choice in limit)
    return _WORDS[kind].format(limit)


def _driver_table(found: dict[str, Fields]) -> str:
    rows = [
        (f"`{name}`", *(_takes(*said[name]) if name in said else "–" for said in found.values()))
        for name in drivers.widest(found)
    ]
    return marked.markdown(("field", *(f"`{driver}`" for driver in found)), rows)


def with_tables(text: str) -> str:
    """Return the `text` of docs/api.md with current tables. Raise BuildError where the marks are missing."""
    for name, table in tables().items():
        text = marked.put("docs/api.md", text, name, table)
    return text


@with_status
def main() -> int:
    PAGE.write_text(with_tables(PAGE.read_text()))
    SCHEMA.write_text(schema())
    return 0


if __name__ == "__main__":
    sys.exit(main())
