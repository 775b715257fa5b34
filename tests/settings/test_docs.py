"""docs/api.md and the JSON Schema of /camera.json say what the table says."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from camcors_build import drivers, marked, settings_docs
from camcors_build.source import BuildError

from settings.document import read
from settings.table import FIELDS, LIMITS, TLS, WIFI

SCHEMA = json.loads(settings_docs.SCHEMA.read_text())
CAMERA = drivers.widest(drivers.every(settings_docs.FIRMWARE))


def test_the_tables_are_current() -> None:
    text = settings_docs.PAGE.read_text()
    assert settings_docs.with_tables(text) == text, "run make table"


def test_the_schema_is_current() -> None:
    assert settings_docs.SCHEMA.read_text() == settings_docs.schema(), "run make table"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_field_is_in_both() -> None:
    sections = SCHEMA["properties"]
    tables = "".join(settings_docs.tables().values())
    for section, rows in (
        (sections, FIELDS),
        *((sections[name]["properties"], rows) for name, rows in PARTS),
    ):
        for row in rows:
            assert section[row[0]]["description"].lower() == row[5].lower() + "."
            assert section[row[0]].get("default") == (list(row[3]) if isinstance(row[3], tuple) else row[3])
            assert f"{row[0]}` | " in tables and f" | {row[5]} |\n" in tables
    assert list(sections["camera"]["properties"]) == list(CAMERA)
    assert all(f"| `{name}` | " in tables for name in CAMERA)


PARTS = (("limits", LIMITS), ("tls", TLS), ("wifi", WIFI))

#: (kind, values that are good, values that are not)
VALUES: dict[str, tuple[list[Any], list[Any]]] = {
    "name": (["a", "Cam-1", "a" * 32], ["", "-a", "a-", "a b", "a.b", "ä", "a" * 33, 5, None]),
    "text": (["", "Küche 2", "\U0001f600" * 64], ["a" * 65, "a\tb", "\x7f", "\x85", 5, None]),
    "ipv4": (["0.0.0.0", "255.255.255.255", "192.168.1.7"], ["256.0.0.1", "1.2.3", "01.2.3.4", "a", "", 5]),
    "addresses": (
        [[], ["192.168.1.2"], ["10.0.0.1"] * 8],
        [["10.0.0.1"] * 9, ["10.0.0.256"], ["proxy"], [5], "10.0.0.1", None],
    ),
    "ssid": (["a", "küche", "x" * 32], ["", "x" * 33, 5, None]),
    "password": (
        ["", "8 letter", "~" * 63, "0aF1" * 16],
        ["7 chars", "x" * 64, "x" * 65, "passwört", 5, None],
    ),
}


def values(kind: str, limit: Any) -> tuple[list[Any], list[Any]]:
    """Values on both sides of each edge of a field."""
    if kind == "int":
        return [limit[0], limit[1]], [limit[0] - 1, limit[1] + 1, True, "1", 1.5, None]
    if kind == "choice":
        return list(limit), ["", limit[0].swapcase(), 1, None]
    if kind == "bool":
        return [True, False], [0, 1, "true", None]
    return VALUES[kind]


def documents() -> list[tuple[dict[str, Any], bool]]:
    """Files with one field at an edge, and whether they are good."""
    rows = [("", row[:3]) for row in FIELDS]
    rows += [(section, row[:3]) for section, part in PARTS for row in part]
    rows += [("camera", (name, *CAMERA[name])) for name in CAMERA]
    made: list[tuple[dict[str, Any], bool]] = []
    for section, (name, kind, limit) in rows:
        besides: dict[str, dict[str, Any]] = {"wifi": {"ssid": "a"}, "limits": {"connections": 256}}
        beside = besides.get(section, {})
        for good, given in enumerate(reversed(values(kind, limit))):
            for value in given:
                part = {**beside, name: value}
                if section == "limits" and name == "connections":
                    part["stream_viewers"] = 0  # which the schema cannot compare
                made.append(({section: part} if section else part, bool(good)))
    return made


MORE = [
    ({}, True),
    ({"$schema": 5}, True),
    ({"Name": "a"}, False),
    ({"version": 1}, False),
    ({"wifi": {}}, False),
    ({"wifi": {"password": "8 letter"}}, False),
    ({"wifi": {"ssid": "a", "pasword": ""}}, False),
    ({"wifi": None}, False),
    ({"limits": {"stream": 1}}, False),
    ({"limits": []}, False),
    ({"camera": {"zoom": 1}}, False),
    ({"camera": 1}, False),
    ([], False),
]


def test_the_schema_and_the_reader_agree_on_every_edge() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    cases = documents() + MORE
    assert len(cases) > 250
    for value, is_good in cases:
        _, faults = read(json.dumps(value), CAMERA)
        assert (validator.is_valid(value), not faults) == (is_good, is_good), value


def test_a_page_without_the_marks_is_one_line() -> None:
    first, last = marked.marks("limits")
    with pytest.raises(BuildError) as raised:
        marked.put("docs/api.md", "text", "limits", "table")
    assert str(raised.value) == f"docs/api.md has no table of limits; write {first} and {last}"
    assert marked.put("p", f"a\n{first}\nold\n{last}\nb", "limits", "new\n") == f"a\n{first}\nnew\n{last}\nb"


def test_a_cell_may_have_a_bar() -> None:
    assert marked.markdown(("a", "b"), [("1|2", "3")]) == "| a | b |\n|---|---|\n| 1\\|2 | 3 |\n"
