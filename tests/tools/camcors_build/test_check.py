"""What must be on the machine is named, one line, with the command that installs it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECK = Path(__file__).resolve().parents[3] / "tools" / "camcors_build" / "check.sh"
TOOLS = ("git", "gcc", "python3")


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    shell = shutil.which("sh")
    assert shell is not None
    return subprocess.run([shell, CHECK, *args], env={"PATH": str(folder)}, capture_output=True, text=True)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with stand-ins for the tools, each of which succeeds."""
    for name in TOOLS:
        stand_in(tmp_path, name, "exit 0")
    return tmp_path


def stand_in(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_machine_with_everything_says_nothing(tools: Path) -> None:
    done = run(tools)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", TOOLS)
def test_a_missing_tool(tools: Path, name: str) -> None:
    os.remove(tools / name)
    done = run(tools)
    assert done.returncode == 1
    assert done.stderr == f"camcors: {name} is missing; install it with: sudo apt install {name}\n"


@pytest.mark.parametrize(
    ("name", "script", "what", "package"),
    [
        ("gcc", "exit 1", "the C library's headers", "libc6-dev"),
        ("python3", 'case "$2" in *version_info*) exit 1;; esac', "Python 3.10 or later", "python3"),
        ("python3", 'case "$2" in *ensurepip*) exit 1;; esac', "Python's venv module", "python3-venv"),
    ],
)
def test_a_tool_that_is_not_enough(tools: Path, name: str, script: str, what: str, package: str) -> None:
    stand_in(tools, name, script)
    done = run(tools)
    assert done.returncode == 1
    assert done.stderr == f"camcors: {what} is missing; install it with: sudo apt install {package}\n"


BROWSERS = [("chromium", "open the dashboard"), ("firefox-esr", "frame the camera")]


def test_the_tests_need_tmux_and_browsers(tools: Path) -> None:
    done = run(tools, "test")
    assert done.returncode == 1
    needed = "tmux, in which the tests use an editor, is missing; install it with: sudo apt install tmux"
    assert done.stderr == f"camcors: {needed}\n"
    stand_in(tools, "tmux", "exit 0")
    stand_in(tools, "id", "echo 1000")
    for name, purpose in BROWSERS:
        done = run(tools, "test")
        assert done.returncode == 1
        words = f"{name}, in which the tests {purpose}, is missing; install it with: sudo apt install {name}"
        assert done.stderr == f"camcors: {words}\n"
        stand_in(tools, name, "exit 0")
    done = run(tools, "test")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("names", [("chromium-browser", "firefox"), ("google-chrome", "firefox")])
def test_browsers_have_other_names(tools: Path, names: tuple[str, ...]) -> None:
    for name in ("tmux", *names):
        stand_in(tools, name, "exit 0")
    stand_in(tools, "id", "echo 1000")
    done = run(tools, "test")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("name", "purpose"), BROWSERS)
@pytest.mark.parametrize("works", [True, False])
def test_root_gets_browsers_by_apt(tools: Path, works: bool, name: str, purpose: str) -> None:
    stand_in(tools, "tmux", "exit 0")
    stand_in(tools, "id", "echo 0")
    for other, _ in BROWSERS:
        if other != name:
            stand_in(tools, other, "exit 0")
    browser = tools / name
    made = f"echo > {browser}; /bin/chmod +x {browser}" if works else "exit 100"
    stand_in(tools, "apt-get", f'echo "$*" >> {tools}/asked; {made}')
    done = run(tools, "test")
    assert (done.returncode == 0) is works
    assert done.stderr.startswith(f"camcors: installing {name}, in which the tests {purpose}\n")
    asked = (tools / "asked").read_text().splitlines()
    wanted = ["update -qq", f"install --yes --quiet --no-install-recommends {name}"]
    assert asked == wanted[: 2 if works else 1]
    if not works:
        assert done.stderr.endswith(f"is missing; install it with: sudo apt install {name}\n")
