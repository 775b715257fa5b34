"""The README's tour, typed as it stands there: what each command shows, and that none fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from camcors_build import desk

from tests.kit.camera import TOP, Camera

_BLOCK = re.compile(r"^```\n(\$ .*?)^```$", re.MULTILINE | re.DOTALL)


def tour() -> list[tuple[str, str]]:
    """Each command of "Five minutes" with what it shows there, "" where that is left out."""
    text = (TOP / "README.md").read_text(encoding="utf-8")
    part = text.split("## Five minutes")[1].split("\n## ")[0]
    found: list[tuple[str, str]] = []
    for block in _BLOCK.findall(part):
        for typed in block.split("$ ")[1:]:
            command, _, shown = typed.partition("\n")
            found.append((command, shown))
    return found


@pytest.fixture(scope="module")
def camera(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    """A camera as `make run` starts it for the first time."""
    flash = tmp_path_factory.mktemp("camera") / "flash.bin"
    with Camera(flash, access=desk.make(flash, flash.with_name("token"))) as running:
        yield running.wait_ready()


@pytest.fixture(scope="module")
def places(camera: Camera) -> dict[str, str]:
    """What stands in the README, and what is meant here."""
    return {
        "127.0.0.1:8080": f"127.0.0.1:{camera.port}",
        "build/HOST/repl": camera.repl,
        "build/HOST/token": str(camera.flash.with_name("token")),
        "build/venv/bin/camcors": f"{sys.executable} -m camcors_cli",
        "mpremote connect": f"{sys.executable} -m mpremote connect",
    }


@pytest.mark.parametrize(("command", "shown"), tour(), ids=[row[0] for row in tour()])
def test_the_tour(camera: Camera, places: dict[str, str], command: str, shown: str) -> None:
    for there, here in places.items():
        command = command.replace(there, here)
    env = {**os.environ, "EDITOR": "true", "CAMCORS_PORT": camera.repl}
    env["TOKEN"] = camera.flash.with_name("token").read_text().strip()
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, env=env)
    assert (done.stderr, done.returncode) == ("", 0), done.stdout
    assert not shown or done.stdout.replace("\r", "") == shown
    assert "blocked" not in done.stdout


def test_the_tour_is_found() -> None:
    assert [command.split()[0] for command, _ in tour()] == [
        "curl", "export", "curl", "curl", "mpremote", "export",
        "build/venv/bin/camcors", "build/venv/bin/camcors", "build/venv/bin/camcors",
    ]  # fmt: skip
