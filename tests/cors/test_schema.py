"""The JSON Schema for editors says what the table of fields says."""

import json
from pathlib import Path

import cors
from tests.cors.schema_of_table import properties

_SCHEMA = json.loads((Path(cors.__file__).parent / "policy.schema.json").read_text())


def test_every_field_as_in_the_table():
    described = dict(_SCHEMA["properties"])
    assert described.pop("$schema").keys() == {"description"}
    found = {
        name: {key: value for key, value in field.items() if key != "description"}
        for name, field in described.items()
    }
    assert found == properties()
    assert list(found) == list(properties())


def test_every_field_is_described():
    for name, field in _SCHEMA["properties"].items():
        assert len(field["description"]) > 20, name


def test_version_is_required_and_unknown_keys_are_refused():
    assert _SCHEMA["type"] == "object"
    assert _SCHEMA["required"] == ["version"]
    assert _SCHEMA["additionalProperties"] is False
