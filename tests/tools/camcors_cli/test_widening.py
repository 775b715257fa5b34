"""What opens a camera to everybody is said before it is saved, and asked about."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from camcors_cli.cli import main
from camcors_cli.commands import policy as policy_commands
from camcors_cli.commands import policy_edit
from camcors_cli.device import camera as camera_module
from camcors_cli.device.answers import Report, report
from camcors_cli.policy import document
from camcors_cli.policy.widening import widenings
from camcors_cli.ui.output import Output
from click.testing import CliRunner, Result

from tests.kit.camera import Camera
from tests.kit.fake_board import REPORT
from tests.kit.terminal import Terminal

Fields = dict[str, Any]

A = "https://a.example"
WILD = "https://*.example.com"
READ = 'allowed_origins: "*": every page may read and show the camera\'s pictures and answers'
SEND = 'allowed_origins: "*": every page may send '
SUFFIX = 'allowed_origins[0]: "https://*.com": wildcard on a public suffix; write the names of your own hosts'
SECOND = SUFFIX.replace("[0]", "[1]")
GITHUB = SUFFIX.replace("*.com", "*.github.io")
NULL = 'allowed_origins[0]: "null": any sandboxed page can have this origin; '
NULL += "serve the page over http or https and write its origin"
SHOW = 'resource_policy: "cross-origin": every page may show the camera\'s pictures with a plain <img>'
WRITE = "block_cross_origin_writes: false: every page may send a POST as a form does, "
WRITE += "though it cannot read the answer"
LOGIN = "allow_credentials: true: every page of {} acts as the person who is logged in"
HOST = (
    'allowed_hosts: "*.github.io": strangers get names below it, and their pages read the camera as its own'
)

# The fields before, those after, what is wider.
RULE: list[tuple[Fields, Fields, list[str]]] = [
    ({}, {}, []),
    ({}, {"allowed_origins": [A]}, []),
    ({"allowed_origins": [A]}, {"allowed_origins": [A, "http://localhost:*"]}, []),
    ({}, {"allowed_origins": [WILD]}, []),
    ({}, {"allowed_origins": ["http://192.168.1.9:8080", "app://x"]}, []),
    ({}, {"allowed_origins": "*"}, [READ, f"{SEND}any method"]),
    ({"allowed_origins": [A]}, {"allowed_origins": "*", "allowed_methods": ["GET"]}, [READ, f"{SEND}GET"]),
    ({}, {"allowed_origins": "*", "allowed_methods": []}, [READ]),
    ({}, {"allowed_origins": "*", "resource_policy": "same-origin"}, [READ, f"{SEND}any method"]),
    ({"allowed_origins": "*"}, {"allowed_origins": "*", "max_age": 5}, []),
    ({"allowed_origins": "*"}, {"allowed_origins": [A]}, []),
    ({"allowed_origins": "*"}, {"allowed_origins": ["https://*.com"]}, []),
    ({"allowed_origins": "*", "allowed_methods": ["GET"]}, {"allowed_origins": "*"},
     ["allowed_methods: every page may send any method"]),
    ({"allowed_origins": "*", "allowed_methods": ["GET"]},
     {"allowed_origins": "*", "allowed_methods": ["PUT"]}, ["allowed_methods: every page may send PUT"]),
    ({"allowed_origins": "*"}, {"allowed_origins": "*", "allowed_methods": ["PUT"]}, []),
    ({"allowed_origins": [A], "allowed_methods": ["GET"]}, {"allowed_origins": [A]}, []),
    ({}, {"allowed_origins": ["https://*.com"]}, [SUFFIX]),
    ({}, {"allowed_origins": ["https://*.github.io"]}, [GITHUB]),
    ({"allowed_origins": [A]}, {"allowed_origins": [A, "https://*.com"]}, [SECOND]),
    ({"allowed_origins": ["https://*.com"]}, {"allowed_origins": [A, "https://*.com"]}, []),
    ({}, {"allowed_origins": ["null"]}, [NULL]),
    ({"allowed_origins": ["null"]}, {"allowed_origins": ["null"], "max_age": 5}, []),
    ({}, {"resource_policy": "same-site"}, []),
    ({}, {"resource_policy": "cross-origin"}, [SHOW]),
    ({"resource_policy": "cross-origin"}, {"resource_policy": "cross-origin", "allowed_origins": [A]}, []),
    ({"allowed_origins": "*"}, {"allowed_origins": [A], "resource_policy": "cross-origin"}, []),
    ({}, {"block_cross_origin_writes": False}, [WRITE]),
    ({"block_cross_origin_writes": False}, {}, []),
    ({"allowed_origins": [A]}, {"allowed_origins": [A], "allow_credentials": True}, []),
    ({"allowed_origins": [A, WILD]}, {"allowed_origins": [A, WILD], "allow_credentials": True},
     [LOGIN.format(WILD)]),
    ({"allowed_origins": [A], "allow_credentials": True},
     {"allowed_origins": [A, "http://localhost:*"], "allow_credentials": True},
     [LOGIN.format("http://localhost:*")]),
    ({"allowed_origins": [WILD], "allow_credentials": True},
     {"allowed_origins": [WILD, A], "allow_credentials": True}, []),
    ({}, {"allowed_hosts": ["*.github.io"]}, [HOST]),
    ({"allowed_hosts": ["*.github.io"]}, {"allowed_hosts": ["*.github.io", "a.example"]}, []),
    ({}, {"allowed_hosts": ["*.example.com", "github.io"]}, []),
    ({}, {"block_cross_origin_writes": False, "resource_policy": "cross-origin",
          "allowed_hosts": ["*.github.io"], "allowed_origins": ["https://*.com"]},
     [SUFFIX, SHOW, WRITE, HOST]),
]  # fmt: skip


def text(fields: Fields) -> bytes:
    return document.write({"version": 1, **fields})


@pytest.mark.parametrize(("before", "after", "lines"), RULE)
def test_the_rule(before: Fields, after: Fields, lines: list[str]) -> None:
    old, new = document.parse(text(before)), document.parse(text(after))
    found, warned = widenings(old, new, document.is_public_suffix)
    assert found == lines
    assert [str(each) for each in warned] == [line for line in lines if line in map(str, new.warnings)]


@pytest.mark.parametrize("before", [None, b"", b'{"version": 1, "allowed_origins": "*", "no": 1}'])
def test_no_policy_and_a_faulty_one_let_in_nobody(before: bytes | None) -> None:
    new = document.parse(text({"allowed_origins": "*"}))
    assert widenings(document.stands(before), new, document.is_public_suffix)[0][0] == READ


# --- the commands


class Stored:
    """A camera's file without the camera. text: of /policy.json. asked: the questions of the command."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fields: Fields, answer: bool | None = None):
        self.text = text(fields)
        self.asked: list[str] = []
        self._answer = answer
        for module in (policy_edit, policy_commands):
            monkeypatch.setattr(module, "Board", lambda port, out: contextlib.nullcontext())
        monkeypatch.setattr(camera_module, "policy_file", lambda board: self.text)
        monkeypatch.setattr(
            camera_module, "policy_before", lambda board, digest: text({"allowed_origins": "*"})
        )
        monkeypatch.setattr(camera_module, "report", lambda board: report(REPORT))
        monkeypatch.setattr(camera_module, "save_policy", self._save)
        monkeypatch.setattr(Output, "can_ask", property(lambda _: answer is not None))
        monkeypatch.setattr(Output, "ask", self._ask)

    def _save(self, board: object, text: bytes, before: bytes | None, output: object) -> Report:
        self.text = text
        return report(REPORT)

    def _ask(self, question: str) -> bool:
        self.asked.append(question)
        assert self._answer is not None
        return self._answer

    def run(self, *args: str) -> Result:
        return CliRunner().invoke(main, ["policy", *args], catch_exceptions=False)


FIRST: Fields = {"allowed_origins": [A]}
OPEN: Fields = {"allowed_origins": "*"}

# A command, the fields after it, what is wider then; {} is a file with OPEN, which the editor writes too.
COMMANDS: list[tuple[list[str], Fields, list[str]]] = [
    (["allow", "*"], OPEN, [READ, f"{SEND}any method"]),
    (["allow", "https://*.com"], {"allowed_origins": [A, "https://*.com"]}, [SECOND]),
    (["set", "allowed_origins", "*"], OPEN, [READ, f"{SEND}any method"]),
    (["set", "resource_policy", "cross-origin"], {**FIRST, "resource_policy": "cross-origin"}, [SHOW]),
    (["set", "block_cross_origin_writes", "false"], {**FIRST, "block_cross_origin_writes": False}, [WRITE]),
    (["push", "{}"], OPEN, [READ, f"{SEND}any method"]),
    (["edit"], OPEN, [READ, f"{SEND}any method"]),
    (["rollback"], OPEN, [READ, f"{SEND}any method"]),
]
NO_TERMINAL = "not saved: the policy lets in more than before, and there is no terminal to ask at"


@pytest.fixture
def wide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    file = tmp_path / "wide.json"
    file.write_bytes(text(OPEN))
    monkeypatch.setenv("EDITOR", f"cp {file}")
    return str(file)


@pytest.mark.parametrize(("command", "after", "lines"), COMMANDS, ids=[" ".join(row[0]) for row in COMMANDS])
class TestEveryCommandThatSaves:
    def test_is_refused_without_a_terminal(
        self, monkeypatch: pytest.MonkeyPatch, wide: str, command: list[str], after: Fields, lines: list[str]
    ) -> None:
        stored = Stored(monkeypatch, FIRST)
        words = [word.format(wide) for word in command]
        done = stored.run(*words)
        said = done.stderr.splitlines()
        assert said[: len(lines) + 1] == [f"camcors: {NO_TERMINAL}", *lines]
        assert said[len(lines) + 1].startswith("add --yes to save it all the same")
        assert (done.exit_code, stored.text) == (1, text(FIRST))
        found = json.loads(stored.run(*words, "--json").stdout)
        assert (found["error"], found["wider"]) == ("\n".join([NO_TERMINAL, *lines]), lines)

    def test_is_saved_with_yes(
        self, monkeypatch: pytest.MonkeyPatch, wide: str, command: list[str], after: Fields, lines: list[str]
    ) -> None:
        stored = Stored(monkeypatch, FIRST)
        done = stored.run(*[word.format(wide) for word in command], "--yes", "--json")
        assert done.stderr.splitlines() == [f"camcors: wider than before: {line}" for line in lines]
        assert (done.exit_code, stored.text) == (0, text(after))
        found = json.loads(done.stdout)
        assert (found["changed"], found["wider"]) == (True, lines)

    @pytest.mark.parametrize("answer", [True, False])
    def test_asks_on_a_terminal(
        self,
        monkeypatch: pytest.MonkeyPatch,
        wide: str,
        command: list[str],
        after: Fields,
        lines: list[str],
        answer: bool,
    ) -> None:
        stored = Stored(monkeypatch, FIRST, answer)
        done = stored.run(*[word.format(wide) for word in command], "--json")
        assert stored.asked == ["Save it all the same?"]
        assert (done.exit_code, stored.text) == ((0, text(after)) if answer else (1, text(FIRST)))
        assert json.loads(done.stdout)["wider"] == lines
        for line in lines:
            assert done.stderr.count(line) == 1, "said before it is saved, and not again after it"


@pytest.mark.parametrize(
    "command",
    [["allow", "https://dashboard.example.com"], ["allow", WILD], ["set", "max_age", "5"], ["deny", A]],
)
def test_what_lets_in_nobody_unknown_asks_nothing(
    monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    stored = Stored(monkeypatch, FIRST, answer=False)
    done = stored.run(*command)
    assert (stored.asked, done.stderr, done.exit_code) == ([], "", 0)


def test_an_edit_that_is_not_agreed_to_is_kept(monkeypatch: pytest.MonkeyPatch, wide: str) -> None:
    stored = Stored(monkeypatch, FIRST, answer=False)
    done = stored.run("edit")
    first, *_ = done.stderr.splitlines()[-1:]
    assert first.startswith(
        "camcors: not saved; nothing was changed; your text is kept: camcors policy push "
    )
    kept = Path(first.partition("camcors policy push ")[2].partition(" puts")[0])
    assert kept.read_bytes() == text(OPEN)
    kept.unlink()


@pytest.mark.parametrize(
    ("keys", "status", "origins"), [("y", 0, "*"), ("n", 1, [A]), ("", 1, [A]), ("C-c", 1, [A])]
)
def test_the_question_on_a_real_terminal(camera: Camera, keys: str, status: int, origins: object) -> None:
    camera.put("policy.json", text(FIRST))
    camera.exec("from camcors import remote; remote.look()")  # it is in force now, not at the next poll
    first = document.parse(text(FIRST)).digest
    with Terminal(
        [sys.executable, "-m", "camcors_cli", "policy", "allow", "*"], CAMCORS_PORT=camera.repl
    ) as terminal:
        terminal.wait_for("Save it all the same? [y/N]:")
        assert camera.status()["policy"]["digest"] == first
        terminal.type(*filter(None, [keys]), *[] if keys == "C-c" else ["Enter"])
        assert terminal.wait() == status
        assert f"camcors: wider than before: {READ}" in terminal.screen.replace("\n", "")
    assert json.loads(camera.content("policy.json") or b"")["allowed_origins"] == origins
