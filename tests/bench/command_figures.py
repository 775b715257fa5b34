"""How long a command takes, from its start to its end, against mpremote's listing of the same board."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.kit.camera import Camera

ROUNDS = 9
_LISTING = ("-m", "mpremote", "connect", "{repl}", "ls")
#: What a person types after `camcors`.
COMMANDS = (
    "policy push {folder}/a.json",
    "policy push {folder}/b.json",
    "info",
    "policy show",
    "policy pull --force {folder}/pulled.json",
    "explain https://b.example.com",
    "backup --force {folder}/board.zip",
)


def seconds(arguments: Sequence[str], bytecode: Path) -> float:
    """How long Python takes for these; CalledProcessError if they fail.

    bytecode: the folder for what it compiles, which a person's Python keeps too.
    """
    env = {**os.environ, "PYTHONPYCACHEPREFIX": str(bytecode)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.monotonic()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, timeout=60, env=env)
    return time.monotonic() - began


def measure(folder: Path) -> dict[str, float]:
    """Seconds, the median of the rounds: "mpremote ls", and each command by its name."""
    for name in "ab":
        policy = {"version": 1, "allowed_origins": [f"https://{name}.example.com"]}
        (folder / f"{name}.json").write_text(json.dumps(policy))
    bytecode = folder / "bytecode"
    times: dict[str, list[float]] = {}
    with Camera(folder / "commands.bin") as camera:
        camera.wait_ready()
        for _ in range(ROUNDS):  # in turn, so that all see the same machine
            listing = [each.format(repl=camera.repl) for each in _LISTING]
            times.setdefault("mpremote ls", []).append(seconds(listing, bytecode))
            camera.wait_ready()  # without "resume" mpremote soft-resets the board
            for command in COMMANDS:
                words = ["-m", "camcors_cli", *command.format(folder=folder).split(), "--port", camera.repl]
                times.setdefault(name_of(command), []).append(seconds(words, bytecode))
        camera.stop()
    return {name: statistics.median(found) for name, found in times.items()}


def name_of(command: str) -> str:
    """The words before the first option or argument."""
    return " ".join(word for word in command.split()[:2] if word.isalpha())
