"""The soak in short; the whole of it is `python tests/bench/soak.py`."""

from __future__ import annotations

import subprocess
import sys

from tests.kit.camera import TOP


def test_soak(program: object) -> None:
    command = [sys.executable, TOP / "tests" / "bench" / "soak.py", "--requests", "4000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" ok\n") == 5
