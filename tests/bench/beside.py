"""A load in a process of its own, so that its work delays no other measurement."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def beside(script: Path, *arguments: object) -> Iterator[list[float]]:
    """`script` runs inside; afterwards the list holds what it printed at its end.

    It has to print "running" once it does, and at the end of its standard input a JSON list.
    """
    command = [sys.executable, str(script), *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    rates: list[float] = []
    try:
        if process.stdout.readline() != "running\n":
            raise SystemExit(f"camcors: {script.name} did not start: {' '.join(command)}")
        yield rates
        rates += json.loads(process.communicate(timeout=30)[0])
    finally:
        process.kill()
        process.wait()
