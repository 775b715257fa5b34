"""No command that we print or document resets the camera: mpremote does so unless it is told `resume`.

A soft reset ends the server's thread, and every stream with it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import mpremote.main as mpremote
import pytest

TOP = Path(__file__).parents[3]

#: Commands of mpremote that never reach the REPL.
WITHOUT_BOARD = {"help", "version", "devs"}
COMMANDS = {*mpremote._COMMANDS, *mpremote._BUILTIN_COMMAND_EXPANSIONS} - WITHOUT_BOARD
_COMMAND = re.compile(r"mpremote(?:\s+connect\s+\S+)?\s+([a-z0-9-]+)")

WORDS = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", ".ci/*", ".github/**/*", "docs/*.md")
CODE = ("boards/**/*", "firmware/**/*", "src/**/*", "tools/**/*")


def files() -> list[Path]:
    found = {path for pattern in (*WORDS, *CODE) for path in TOP.glob(pattern) if path.is_file()}
    return sorted(path for path in found if path.suffix not in (".png", ".pyc"))


def resetting(text: str) -> list[str]:
    """Return the commands of mpremote in `text` that begin with a soft reset."""
    return [
        match[0]
        for match in _COMMAND.finditer(text)
        if match[1] in COMMANDS and match[1] not in ("resume", "connect")
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$ mpremote edit :policy.json", ["mpremote edit"]),
        ("mpremote connect build/HOST/repl  edit :a", ["mpremote connect build/HOST/repl  edit"]),
        ("by mpremote\nrm :a", ["mpremote\nrm"]),
        ("mpremote resume edit :a, mpremote connect a0 resume repl", []),
        ("with mpremote connect PATH, as mpremote does; mpremote version", []),
    ],
)
def test_what_is_found(text: str, found: list[str]) -> None:
    assert resetting(text) == found


def test_each_command_of_mpremote_says_resume() -> None:
    found = {str(path.relative_to(TOP)): resetting(path.read_text()) for path in files()}
    assert {path: commands for path, commands in found.items() if commands} == {}


def test_the_command_enters_the_repl_without_a_reset() -> None:
    calls = [
        ast.unparse(node)
        for path in TOP.glob("tools/**/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("enter_raw_repl")
    ]
    assert calls
    assert [call for call in calls if "soft_reset=False" not in call] == []
