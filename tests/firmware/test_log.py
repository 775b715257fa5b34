"""The log on both interpreters: what is printed when, and what is kept."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from camcors import repl
from camcors.log import Log
from tests.firmware import log_cases
from tests.kit.camera import TOP

CASES: dict[str, Any] = {
    "printed_at_once": [["a", "b", "ü"], ["a", "b", "ü"], ["a", "b", "ü"]],
    "waits_for_the_program": [[], ["a", "b", "c"], ["a", "b", "c"], ["a", "b", "c"]],
    "printed_by_the_next_look": ["a"],
    "too_much_while_it_waits": [
        [f"line {number}" for number in range(60, 70)],
        60,
        [f"line {number}" for number in range(60, 70)],
    ],
    "a_long_line_is_cut": True,
    "a_traceback": ["Traceback (most recent call last):", "ValueError: boom", "ValueError: boom"],
    "a_secret_is_kept_nowhere": [False, True, ["the password is x"], []],
    "a_secret_where_nothing_is_known": True,
    "parts": [
        [60, "0 line 16\n0 "],
        [60, "0 line 16\n0 "],
        [65, "e 16\n0 line "],
        [95, "e 19\n"],
        [100, ""],
        [60, "0 line 16\n0 "],
        [60, "0 line 16\n0 "],
    ],
    "ring_against_a_list": "same",
    "threads": [True, True],
    "a_look_costs_nothing": None,
}
ON_MICROPYTHON = {"a_look_costs_nothing": [0, True]}


@pytest.fixture(autouse=True)
def own_repl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camcors.log.repl", repl)  # the cases put theirs in its place


@pytest.mark.parametrize("name", CASES)
def test_on_cpython(name: str) -> None:
    assert getattr(log_cases, name)() == CASES[name]


@pytest.mark.parametrize("name", CASES)
def test_in_the_firmware(program: Path, name: str) -> None:
    command = [str(program), log_cases.__file__, name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert json.loads(done.stdout.splitlines()[-1]) == ON_MICROPYTHON.get(name, CASES[name])


#: The launcher of the camera on your desk, before there is a REPL; a board without the module _repl; a
#: secret that is kept nowhere.
PRINTING = {"firmware/camcors_host/power_on.py", "firmware/camcors/repl.py", "firmware/camcors/log.py"}


def test_everything_else_is_said_through_the_log() -> None:
    found = {
        str(path.relative_to(TOP))
        for folder in ("firmware", "src")
        for path in (TOP / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
    }
    assert found == PRINTING


def test_a_board_without_the_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints while boot.py runs, and keeps the rest to itself: a program may have the REPL by then."""
    monkeypatch.setattr(repl, "_is_booting", True)
    kept = Log(4096)
    kept.say("first")
    repl.has_booted()
    kept.say("second")
    kept.flush()
    assert capsys.readouterr().out == "first\n"
    assert [line.partition(b" ")[2] for line in kept.read(0, 1000)[1].splitlines()] == [b"first", b"second"]
