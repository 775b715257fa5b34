"""The access file as a Python object, and its JSON Schema: what the tables cannot show."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest

import access
from access import check, document, roles, secret
from access.document import Access
from access.roles import Token
from strict.fault import AccessError
from tests.access import run_cases

_HERE = Path(__file__).parent
_SCHEMA = json.loads((Path(access.__file__).parent / "access.schema.json").read_text())
A, B = "a" * 64, "b" * 64
OPEN = "anyone in this network may watch and control"
OPEN_VIEW = "anyone in this network may watch"


def test_to_json_is_this_text():
    one = {"sha256": A, "created_s": 5, "role": "view", "name": "x"}
    made = Access(tokens=[one, {"name": "y", "role": "admin", "sha256": B}], open_view=OPEN_VIEW)
    assert made.to_json() == (
        '{\n  "version": 1,\n  "open_view": "anyone in this network may watch",\n  "tokens": [\n'
        f'    {{"name": "x", "role": "view", "sha256": "{A}", "created_s": 5}},\n'
        f'    {{"name": "y", "role": "admin", "sha256": "{B}"}}\n  ]\n}}\n'
    )
    assert made.digest == hashlib.sha256(made.to_json().encode()).hexdigest()[:12]
    assert Access().to_json() == '{\n  "version": 1,\n  "tokens": []\n}\n'
    assert Access(open=OPEN).to_json() == f'{{\n  "version": 1,\n  "open": "{OPEN}",\n  "tokens": []\n}}\n'


def test_tokens():
    made = Access(tokens=[{"name": "x", "role": "view", "sha256": A, "created_s": 5}])
    assert made.tokens == (Token("x", "view", bytes([0xAA] * 32), 5),)
    assert made.open_role is None
    assert Access().tokens == ()


def test_a_token_more_and_a_token_less():
    one = Access().with_token("x", "view", A)
    two = one.with_token("y", "admin", B, 7)
    assert [token.name for token in two.tokens] == ["x", "y"]
    assert Access().tokens == ()
    assert two.without_token("X").to_json() == Access().with_token("y", "admin", B, 7).to_json()
    assert two.without_token("z") is two
    with pytest.raises(AccessError, match=r"tokens\[2\].name: listed twice"):
        two.with_token("Y", "view", "c" * 64)
    with pytest.raises(AccessError, match=r"tokens\[2\].sha256: not a SHA-256"):
        two.with_token("z", "view", "camcors_00000000000000000000000000")


@pytest.mark.parametrize("fields", [{"open": OPEN}, {"open_view": OPEN_VIEW}, {}])
def test_what_is_open_stays_so_with_another_token(fields):
    opened = Access(**fields)
    assert opened.with_token("x", "view", A).open_role == opened.open_role
    assert opened.with_token("x", "view", A).without_token("x").to_json() == opened.to_json()


def test_the_most_tokens_that_may_be_fit_into_the_file():
    longest = {"role": "control", "created_s": check.CREATED_MAX}
    tokens = [{"name": f"{i:032d}", "sha256": f"{i:064d}", **longest} for i in range(check.TOKENS_MAX)]
    text = Access(tokens=tokens).to_json()
    rows = [row for row in text.splitlines(keepends=True) if "sha256" in row]
    assert max(map(len, rows)) == 172
    assert len(json.dumps({"tokens": tokens}, indent=4)) < check.FILE_MAX
    with pytest.raises(AccessError, match="too many"):
        Access(tokens=tokens).with_token("x", "view", A)


def test_no_text_but_a_token_is_made():
    made = [secret.make_token() for _ in range(100)]
    assert len(set(made)) == 100
    assert all(secret.canonical(text) == text and len(text) == secret.LENGTH for text in made)
    assert {text[-1] for text in made} <= set("048cgmrw")  # two bits of the last digit are 0


def test_a_token_is_128_random_bits(monkeypatch):
    for data, digits in (
        (b"\x00" * 16, "0" * 26),
        (b"\xff" * 16, "z" * 25 + "w"),
        (b"\x80" + b"\x00" * 15, "g" + "0" * 25),
        (b"\x00" * 15 + b"\x01", "0" * 25 + "4"),
    ):
        monkeypatch.setattr(secret.os, "urandom", lambda count, data=data: data[:count])
        assert secret.make_token() == "camcors_" + digits


# --- the schema


def test_the_schema_says_what_the_code_says():
    jsonschema.Draft202012Validator.check_schema(_SCHEMA)
    fields = _SCHEMA["properties"]
    assert list(fields) == ["$schema", "version", "open", "open_view", "tokens"]
    for name, (sentence, _) in document.SENTENCES.items():
        assert fields[name]["const"] == sentence
    assert fields["tokens"]["maxItems"] == check.TOKENS_MAX
    token = fields["tokens"]["items"]["properties"]
    assert tuple(token) == Token._fields
    assert token["name"]["maxLength"] == check.NAME_MAX
    assert token["role"]["enum"] == list(roles.ROLES)
    assert token["created_s"]["maximum"] == check.CREATED_MAX
    for each in (*fields.values(), *token.values()):
        assert len(each["description"]) > 20


# What a schema cannot say, or an editor takes otherwise: 1.0 is 1, names differ in more than their case.
_UNSAID = {"one name for two", "one name but for its case", "one hash for two", 'name "a\\n"'}


@pytest.mark.parametrize(
    "row",
    [row for row in run_cases.load(str(_HERE), "faults") if "access" in row],
    ids=lambda row: row["name"],
)
def test_the_schema_refuses_what_the_camera_refuses(row):
    is_valid = jsonschema.Draft202012Validator(_SCHEMA).is_valid(row["access"])
    assert is_valid is ("faults" not in row or row["name"] in _UNSAID)
