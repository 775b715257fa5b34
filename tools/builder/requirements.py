"""Installs a dependency group of pyproject.toml (PEP 735) into the running environment."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def read_group(name: str) -> list[str]:
    """The requirements of one group. Python 3.10 has no tomllib, and pip before 25.1 no --group."""
    text = PYPROJECT.read_text()
    match = re.search(rf"^{re.escape(name)} = \[\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    if match is None:
        raise SystemExit(f"camcors: pyproject.toml has no dependency group {name}")
    return re.findall(r'^\s*"([^"]+)",$', match[1], re.MULTILINE)


if __name__ == "__main__":
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    sys.exit(subprocess.run([*pip, *read_group(sys.argv[1])]).returncode)
