"""The command as a whole: help, usage errors, completion, colours."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click
import pytest
from camcors_cli.cli import main
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from tests.kit.camera import Camera
from tests.kit.terminal import Terminal

BIN = Path(sys.executable).parent


def commands(command: click.Command = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            each = command.get_command(context, name)
            assert each
            yield from commands(each, (*path, name))


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_command_has_help_and_refuses_unknown_options(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, [*path, "--help"])
    assert (done.stderr, done.exit_code) == ("", 0)
    assert done.stdout.startswith("Usage: ")
    assert CliRunner().invoke(main, [*path, "--no-such"]).exit_code == 2


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_help_is_whole_sentences(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, [*path, "--help"], terminal_width=80)
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert [line for line in lines if line.endswith(("...", "…"))] == []
    listed = "\n".join(lines).partition("\nCommands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line for line in listed if not line.endswith(".")] == []
    assert [line for line in listed if line.startswith("    ")] == [], "a sentence that takes two lines"


@pytest.mark.parametrize("path", [(), ("policy",), ("settings",), ("wifi",)], ids=" ".join)
def test_completion_shows_whole_sentences(path: tuple[str, ...]) -> None:
    found = ShellComplete(main, {}, "camcors", "").get_completions(list(path), "")
    told = [each.help or "" for each in found]
    assert [each for each in told if each.endswith("...") or not each.endswith(".")] == []


def test_every_command_on_a_board_takes_json_and_a_port() -> None:
    for path in commands():
        command: click.Command = main
        for name in path:
            assert isinstance(command, click.Group)
            found = command.get_command(click.Context(command), name)
            assert found
            command = found
        options = {name for parameter in command.params for name in parameter.opts}
        if not isinstance(command, click.Group) and path not in (("completion",), ("dashboard",)):
            assert "--json" in options, path
        if path[0:1] == ("policy",) and len(path) == 2 and path[1] != "check":
            assert "--port" in options, path


def test_the_exit_statuses_are_documented() -> None:
    words = " ".join(CliRunner().invoke(main, ["--help"]).stdout.split())
    assert "Exit status: 0 done; 1 the answer is no" in words
    assert "3 no board or camera was reached; 4 the board could not do it, or a file here" in " ".join(
        words.split()
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script(shell: str) -> None:
    done = CliRunner().invoke(main, ["completion", shell])
    assert (done.stderr, done.exit_code) == ("", 0)
    assert f"_CAMCORS_COMPLETE={shell}_complete" in done.stdout
    program = shutil.which(shell)
    if program:  # not every machine has each
        checked = subprocess.run([program, "-n"], input=done.stdout, text=True, capture_output=True)
        assert (checked.stderr, checked.returncode) == ("", 0)


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["camcors", "pol"], ["policy"]),
        (["camcors", "policy", "se"], ["set"]),
        (["camcors", "policy", "set", "ma"], ["max_age"]),
        (["camcors", "policy", "set", "allowed_h"], ["allowed_headers", "allowed_hosts"]),
        (["camcors", "completion", ""], ["bash", "zsh", "fish"]),
        (["camcors", "policy", "push", "--po"], ["--port"]),
    ],
)
def test_bash_completes(words: list[str], completed: list[str]) -> None:
    quoted = " ".join(f"'{word}'" for word in words)
    script = f"""
        source <(camcors completion bash)
        COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; COMP_LINE={shlex.quote(" ".join(words))}
        COMP_POINT=${{#COMP_LINE}}
        _camcors_completion camcors; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    assert (done.stdout.splitlines(), done.stderr) == (completed, "")


def test_colours_are_for_a_terminal_that_is_not_told_otherwise(camera: Camera) -> None:
    piped = camera.camcors_process("policy", "set", "max_age", "4")
    assert "\n+  " in piped.stdout
    assert "\x1b" not in piped.stdout + piped.stderr
    command = [sys.executable, "-m", "camcors_cli", "policy", "set", "max_age"]
    port = camera.repl
    for value, env, coloured in (("5", {}, True), ("6", {"NO_COLOR": "1"}, False)):
        with Terminal([*command, value], CAMCORS_PORT=port, **env) as terminal:
            assert terminal.wait() == 0
            assert ("\x1b[32m" in terminal.escapes) == coloured


def through_a_pipe(camera: Camera, *args: str) -> tuple[int, str]:
    """The exit status and stderr of a command whose reader has gone before it says anything."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as closed:
        return to(closed, camera, *args)


def to(stdout: IO[bytes], camera: Camera, *args: str) -> tuple[int, str]:
    env = {**os.environ, "CAMCORS_PORT": camera.repl}
    command = [sys.executable, "-m", "camcors_cli", *args]
    done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60, env=env)
    return done.returncode, done.stderr


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_a_reader_that_has_enough_changes_nothing_of_the_work(camera: Camera, option: list[str]) -> None:
    value = "71" if option else "72"
    assert through_a_pipe(camera, "policy", "set", "max_age", value, *option) == (0, "")
    assert json.loads(camera.content("policy.json") or b"")["max_age"] == int(value)
    for args in (["policy", "show"], ["policy", "pull"], ["info"]):
        assert through_a_pipe(camera, *args, *option) == (0, "")


@pytest.mark.parametrize("args", [["policy", "show"], ["policy", "pull"], ["info"], ["info", "--json"]])
def test_no_room_for_the_answer(camera: Camera, args: list[str]) -> None:
    said = "camcors: cannot write the answer: No space left on device; write it to another place\n"
    with open("/dev/full", "wb", buffering=0) as full:
        assert to(full, camera, *args) == (4, said)


def test_an_unknown_field_is_named_in_few_words() -> None:
    done = CliRunner().invoke(main, ["policy", "set", "max_agee", "3"], prog_name="camcors")
    assert done.exit_code == 2
    assert done.stderr.startswith("Usage: camcors policy set [OPTIONS] FIELD VALUE\n")
    assert "Error: Invalid value for 'FIELD': 'max_agee' is not one of 'version', " in done.stderr
