"""Install sections of requirements.lock; pip takes only files whose hashes the section has.

A section is what one environment gets in one step: a dependency group of pyproject.toml (PEP 735), or the
project's own dependencies, with all that they need.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
PYPROJECT = TOP / "pyproject.toml"
LOCK = TOP / "requirements.lock"

#: The section of what the command `camcors` needs; the others are named like their groups.
PROJECT = "camcors"


def read_group(name: str) -> list[str]:
    """Return the requirements of a section. Python 3.10 has no tomllib."""
    key = "dependencies" if name == PROJECT else name
    match = re.search(
        rf'^"?{re.escape(key)}"? = \[\n(.*?)^\]', PYPROJECT.read_text(), re.DOTALL | re.MULTILINE
    )
    if match is None:
        raise SystemExit(f"camcors: pyproject.toml has no dependency group {name}")
    return re.findall(r'^\s*"([^"]+)",$', match[1], re.MULTILINE)


def read_sections() -> dict[str, str]:
    """Return the sections of the lock by name, each in pip's format."""
    parts = re.split(r"^# \[(.+)\]\n", LOCK.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def install(section: str, *options: str, python: str = sys.executable) -> int:
    """Install a section with pip's `options` into the environment of `python`. Return pip's exit status.

    Without build isolation a source distribution is built by the setuptools of the section `install`;
    isolated, pip would fetch a build backend that no hash covers.
    """
    pip = [python, "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(read_sections()[section])
        file.flush()
        locked = ["--require-hashes", "--no-build-isolation", "--requirement", file.name]
        # An option of that name would be unknown to the pip of Ubuntu 22.04.
        env = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
        return subprocess.run([*pip, *locked, *options], env=env).returncode


def main(sections: list[str]) -> int:
    return next((status for status in map(install, sections) if status), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
