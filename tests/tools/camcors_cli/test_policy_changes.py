"""`camcors policy` allow, deny and set: what each makes of the camera's file."""

from __future__ import annotations

import contextlib
import json

import pytest
from camcors_cli.cli import main
from camcors_cli.commands import policy_edit
from camcors_cli.device import camera as camera_module
from camcors_cli.device.answers import Report, report
from click.testing import CliRunner, Result

from cors import Policy
from tests.kit.camera import Camera
from tests.kit.fake_board import REPORT

A, B = "https://a.example", "https://b.example"
WILD, PORTS = "https://*.example.com", "http://localhost:*"


class Stored:
    """A camera's file without the camera: what the commands make of `text`."""

    def __init__(self, text: str):
        self.text = text.encode()

    def save(self, board: object, text: bytes, before: bytes | None, output: object) -> Report:
        self.text = text
        return report({**REPORT, "policy": {**REPORT["policy"], "digest": Policy.from_json(text).digest}})

    def run(self, *args: str) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(policy_edit, "Board", lambda port, out: contextlib.nullcontext())
            patch.setattr(camera_module, "policy_file", lambda board: self.text)
            patch.setattr(camera_module, "save_policy", self.save)
            return CliRunner().invoke(main, ["policy", *args], catch_exceptions=False)


def text(**fields: object) -> str:
    """A policy file as the command writes it."""
    rows = [f'  "{name}": {json.dumps(value)}' for name, value in {"version": 1, **fields}.items()]
    return "{\n" + ",\n".join(rows) + "\n}\n"


CHANGES: list[tuple[list[str], dict[str, object], dict[str, object]]] = [
    (["allow", B], {"max_age": 5, "allowed_origins": [A]}, {"max_age": 5, "allowed_origins": [A, B]}),
    (["allow", B], {}, {"allowed_origins": [B]}),
    (["allow", WILD], {"allowed_origins": [A]}, {"allowed_origins": [A, WILD]}),
    (["allow", "*", "--yes"], {"allowed_origins": [A]}, {"allowed_origins": "*"}),
    (["deny", A], {"allowed_origins": [A, B]}, {"allowed_origins": [B]}),
    (["deny", WILD], {"allowed_origins": [A, WILD]}, {"allowed_origins": [A]}),
    (["deny", "*"], {"allowed_origins": "*"}, {"allowed_origins": []}),
    (["set", "max_age", "600"], {"max_age": 5, "$schema": ""}, {"max_age": 600, "$schema": ""}),
    (["set", "max_age", "null"], {"max_age": 5}, {"max_age": None}),
    (["set", "allowed_methods", "GET, PUT"], {}, {"allowed_methods": ["GET", "PUT"]}),
    (["set", "allowed_methods", '["GET", "PUT"]'], {}, {"allowed_methods": ["GET", "PUT"]}),
    (["set", "allowed_methods", "null"], {"allowed_methods": ["GET"]}, {"allowed_methods": None}),
    (["set", "allowed_origins", "*", "--yes"], {"allowed_origins": [A]}, {"allowed_origins": "*"}),
    (["set", "allowed_origins", f"{A},{B}"], {}, {"allowed_origins": [A, B]}),
    (["set", "allow_credentials", "true"], {}, {"allow_credentials": True}),
    (["set", "resource_policy", "same-site"], {}, {"resource_policy": "same-site"}),
]  # fmt: skip


@pytest.mark.parametrize(("command", "before", "after"), CHANGES, ids=[" ".join(row[0]) for row in CHANGES])
def test_a_change(command: list[str], before: dict, after: dict) -> None:
    stored = Stored(text(**before))
    done = stored.run(*command, "--json")
    assert done.exit_code == 0
    assert bool(done.stderr) is ("--yes" in command)
    said = json.loads(done.stdout)
    assert list(said) == ["digest", "state", "started", "changed", "diff", "wider", "warnings"]
    assert (said["digest"], said["state"]) == (Policy.from_json(text(**after)).digest, "active")
    assert stored.text == text(**after).encode()


def test_changes_of_a_camera(camera: Camera) -> None:
    camera.put("policy.json", text(max_age=5))
    for *command, fields in (
        ["allow", A, {"max_age": 5, "allowed_origins": [A]}],
        ["set", "max_age", "600", {"max_age": 600, "allowed_origins": [A]}],
        ["deny", A, {"max_age": 600, "allowed_origins": []}],
    ):
        done = camera.camcors("policy", *command)
        saved = f"saved; in force: {Policy.from_json(text(**fields)).digest}"
        assert (done.stdout.splitlines()[-1], done.stderr, done.returncode) == (saved, "", 0)
        assert camera.content("policy.json") == text(**fields).encode()


MAX_AGE = "write a whole number from 0 to 86400, or null"
STAR = "list the origins that may: camcors policy set allowed_origins https://a.example"
REFUSED: list[tuple[list[str], dict[str, object], int, str]] = [
    (["allow", A], {"allowed_origins": [A]}, 0, f"{A} is allowed already"),
    (["allow", "https://x.example.com"], {"allowed_origins": [WILD]}, 0,
     f"https://x.example.com is allowed already, by {WILD}"),
    (["allow", "http://localhost:99"], {"allowed_origins": [PORTS]}, 0,
     f"http://localhost:99 is allowed already, by {PORTS}"),
    (["allow", A], {"allowed_origins": "*"}, 0, "any origin is allowed already"),
    (["deny", B], {"allowed_origins": [A]}, 0, f"{B} is not allowed anyway"),
    (["set", "max_age", "5"], {"max_age": 5}, 0, "max_age is 5 already"),
    (["set", "allow_credentials", "false"], {"allow_credentials": False}, 0,
     "allow_credentials is false already"),
    (["deny", "https://x.example.com"], {"allowed_origins": [WILD]}, 4,
     f"https://x.example.com is allowed by {WILD}, so it cannot be denied by itself; "
     f"camcors policy deny '{WILD}' denies all that it allows"),
    (["deny", A], {"allowed_origins": "*"}, 4,
     f"every origin is allowed, so {A} cannot be denied by itself; {STAR}"),
    (["allow", "https://A.example/"], {"allowed_origins": [B]}, 1,
     f'allowed_origins[1]: "https://A.example/": upper case, trailing slash; write "{A}"'),
    (["allow", "*"], {"allow_credentials": True}, 1, 'allowed_origins: "*": any origin with credentials; '
     'write the list of origins, or "allow_credentials": false'),
    (["allow", "http://b.example"], {"allow_credentials": True}, 1,
     'allowed_origins[0]: "http://b.example": credentials over plain http; write "https://b.example"'),
    (["set", "max_age", "x"], {}, 1, f'max_age: "x": wrong type; {MAX_AGE}'),
    (["set", "max_age", "86401"], {}, 1, f"max_age: 86401: out of range; {MAX_AGE}"),
    (["set", "max_age", "true"], {}, 1, f"max_age: true: wrong type; {MAX_AGE}"),
    (["set", "allow_credentials", "yes"], {}, 1, 'allow_credentials: "yes": wrong type; write true or false'),
    (["set", "allowed_origins", '["x'], {}, 1, 'allowed_origins: "[\\"x": not a list; write ["[\\"x"]'),
    (["set", "version", "2"], {}, 1, "version: 2: out of range; write 1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "fields", "status", "words"), REFUSED, ids=[" ".join(row[0]) for row in REFUSED]
)
def test_what_changes_nothing(command: list[str], fields: dict, status: int, words: str) -> None:
    stored = Stored(text(**fields))
    done = stored.run(*command)
    said = ("", f"camcors: {words}\n") if status else (f"nothing to change: {words}\n", "")
    assert (done.stdout, done.stderr, done.exit_code) == (*said, status)
    assert stored.text == text(**fields).encode()


def test_nothing_to_change_in_json() -> None:
    done = Stored(text(max_age=5)).run("set", "max_age", "5", "--json")
    assert json.loads(done.stdout) == {"changed": False, "reason": "max_age is 5 already"}


def test_a_fault_in_json() -> None:
    done = Stored(text()).run("set", "max_age", "86401", "--json")
    fault = {"field": "max_age", "value": 86401, "reason": "out of range", "remedy": MAX_AGE}
    said = {"error": f"max_age: 86401: out of range; {MAX_AGE}", "remedy": "", "faults": [fault]}
    assert (json.loads(done.stdout), done.exit_code) == (said, 1)


@pytest.mark.parametrize("command", [["allow", A], ["deny", A], ["set", "max_age", "5"]])
def test_an_invalid_file_on_the_camera_is_left_to_edit(command: list[str]) -> None:
    content = '{"version": 1,\n "max_agee": 5}\n'
    stored = Stored(content)
    done = stored.run(*command)
    said = "camcors: /policy.json is not a valid policy (1 fault)\n"
    said += '/policy.json:2: max_agee: 5: unknown key; write "max_age"\nfix it with camcors policy edit\n'
    assert (done.stdout, done.stderr, done.exit_code) == ("", said, 1)
    assert stored.text == content.encode()


def test_a_missing_file_is_made(camera: Camera) -> None:
    camera.put("policy.json", text())
    camera.exec("import os; os.remove('/policy.json')")
    assert camera.camcors("policy", "allow", A).returncode == 0
    assert camera.content("policy.json") == text(allowed_origins=[A]).encode()


def test_an_unknown_field_is_refused_with_the_known_ones() -> None:
    done = Stored(text()).run("set", "max_ag", "5")
    assert done.exit_code == 2
    assert "'max_ag' is not one of 'version', 'allowed_origins'" in done.stderr


VALUES = [
    ("max_age", "600", 600),
    ("max_age", "1.5", 1.5),
    ("max_age", "x", "x"),
    ("max_age", "null", None),
    ("allow_credentials", "null", None),
    ("resource_policy", "null", "null"),
    ("allowed_origins", "*", "*"),
    ("allowed_hosts", "*", ["*"]),
    ("allowed_origins", "", []),
    ("allowed_origins", f" {A} ,, {B} ", [A, B]),
    ("allowed_origins", "[]", []),
    ("allowed_origins", "null", ["null"]),
    ("allowed_hosts", "null", None),
]  # fmt: skip


@pytest.mark.parametrize(("field", "given", "meant"), VALUES)
def test_what_a_person_means(field: str, given: str, meant: object) -> None:
    assert policy_edit.value_of(field, given) == meant
