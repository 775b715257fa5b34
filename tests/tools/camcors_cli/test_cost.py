"""What a command costs: how often it enters the REPL, what it asks there, and what it imports."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from camcors_cli.cli import main
from camcors_cli.device import board
from click.testing import CliRunner

from tests.kit.camera import Camera
from tests.kit.fake_board import FakeBoard, Socket, transport
from tests.kit.line import Line

# A command, and its exchanges with the board: the functions of camcors.remote in each.
EXCHANGES = [
    ("info", ["report,facts"]),
    ("policy show", ["report,policy"]),
    ("policy pull", ["begin"]),
    ("explain https://a.example", ["policy,own_names,access"]),
    ("wifi status", ["report,begin"]),
    ("token list", ["look,access,begin"]),
    ("backup {}", ["about,entries", "begin,digest,begin,digest,begin,digest"]),
]


@pytest.mark.parametrize(("command", "exchanges"), EXCHANGES)
def test_a_question_enters_the_repl_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, exchanges: list[str]
) -> None:
    fake = FakeBoard()
    monkeypatch.setattr(board, "open_port", lambda device: transport(fake))
    words = command.format(tmp_path).split()
    assert CliRunner().invoke(main, [*words, "--port", "fake"]).exit_code == 0
    assert (fake.entries, fake.asked) == (1, exchanges)


def test_a_file_of_several_parts_is_read_by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = FakeBoard()
    fake.files = {"/a": b"a" * 2500, "/b": b"b" * 3600, "/c": b"c", "/d": b""}
    monkeypatch.setattr(board, "open_port", lambda device: transport(fake))
    assert CliRunner().invoke(main, ["backup", str(tmp_path), "--port", "fake"]).exit_code == 0
    assert fake.asked[1:] == [
        *["begin,digest", "read", "read"],
        *["begin,digest,begin,digest", "read", "read", "read"],
        "begin,digest",
    ]


# What takes long to import, and what of it a command needs.
SLOW = ["asyncio", "difflib", "esptool", "httpx", "json_source_map", "littlefs", "microdot",
        "publicsuffixlist", "rich", "http.server"]  # fmt: skip
NEEDED = [
    ("policy pull", []),
    ("backup {}", []),
    ("info --json", []),
    ("info", ["rich"]),
    ("policy show", ["rich"]),
    ("explain https://a.example", ["microdot"]),
    ("policy set max_age 7", ["difflib"]),
]
IMPORTED = """
import json, sys
from camcors_cli.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(json.dumps([end.code, sorted(sys.modules)]), file=sys.stderr)
"""


@pytest.mark.parametrize(("command", "needed"), NEEDED)
def test_a_command_imports_what_it_needs(tmp_path: Path, command: str, needed: list[str]) -> None:
    with Socket(FakeBoard()) as fake:
        words = [*command.format(tmp_path).split(), "--port", fake.port]
        done = subprocess.run(
            [sys.executable, "-c", IMPORTED, *words], capture_output=True, text=True, timeout=60
        )
    status, imported = json.loads(done.stderr.splitlines()[-1])
    assert [name for name in SLOW if name in imported] == needed
    assert status == (4 if "set" in command else 0)  # a FakeBoard puts no other policy in force


def test_a_pushed_policy_is_in_force_at_once(camera: Camera) -> None:
    """The camera looks when it is told to, so one question does; its own poll may be looking just then."""
    asked = []
    for age in ("61", "62", "63"):
        with Line(camera.repl) as line:
            done = camera.camcors("policy", "set", "max_age", age, "--port", line.port)
        assert (done.stderr, done.returncode) == ("", 0)
        asked.append(bytes(line.sent).count(b"_remote.look()"))
    assert statistics.median(asked) == 1


def test_a_camera_that_has_not_started_stays_so(new_camera: Camera) -> None:
    new_camera.disable()
    new_camera.exec("from camcors import remote; assert not remote.look()['started']")
    assert not json.loads(new_camera.camcors("info", "--json").stdout)["started"]
