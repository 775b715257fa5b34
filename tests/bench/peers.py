"""What one request is compared with beside stock Microdot: other servers for MicroPython, as PyPI has
them, and two floors: the least that the same interpreter has to do for it, and a loop in C."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from camcors_build import frozen

#: The packages by the names that peer_app.py has for them, each with the requirement that pip holds it to.
PACKAGES = {
    "phew": "micropython-phew==0.0.3"
    " --hash=sha256:ac2740e5f5b1cb26b6717846352c29d01717a13eef70c54a6a0e9c962cc99e24",
    "picoweb": "picoweb==1.8.2"
    " --hash=sha256:fa948b773eef81ff1f97900facf34f59e6a5edabf5d3abb83897c7b3c7cd8758",
}
#: What does not run on HOST, and what stands in its place: phew's Wi-Fi, and its log, which writes a file for
#: each request by way of a chip's clock; what only the files of picoweb need.
ADAPTED = {
    "phew/__init__.py": "",
    "phew/logging.py": "def info(*_):\n    pass\n\n\nerror = info\n",
    "pkg_resources.py": "",
}
RAW = "raw"
FLOOR = "floor"
#: Those with a package keep no connection.
KINDS = (*PACKAGES, RAW, FLOOR)
_HERE = Path(__file__).parent


def command(kind: str, program: Path, port: int) -> list[str]:
    """The command line of one of KINDS; raises SystemExit if its package cannot be fetched."""
    if kind == FLOOR:
        return [str(compiled("floor.c")), str(port)]
    return [str(program), str(_HERE / "peer_app.py"), kind, str(port), str(_fetched())]


@functools.cache
def compiled(name: str) -> Path:
    """A loop in C of this folder as a program, compiled once a run."""
    out = frozen.BUILD / "peers" / Path(name).stem
    out.parent.mkdir(exist_ok=True)
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", out, _HERE / name], check=True)
    return out


@functools.cache
def _fetched() -> Path:
    folder = frozen.BUILD / "peers"
    for name, requirement in PACKAGES.items():
        if not (folder / name).is_dir():
            with tempfile.TemporaryDirectory() as place:
                shutil.copytree(_unpacked(name, requirement, Path(place)), folder / name)
    for name, text in ADAPTED.items():
        (folder / name).write_text(text)
    return folder


def _unpacked(name: str, requirement: str, place: Path) -> Path:
    """What pip has unpacked once the hash was right. Nothing is built, and picoweb's source has nothing that
    pip could build: so its exit status is no matter."""
    listed = place / "requirements"
    listed.write_text(requirement + "\n")
    words = [sys.executable, "-m", "pip", "download", "--no-clean", "--no-deps", "--no-binary", ":all:"]
    words += ["--no-build-isolation", "--require-hashes", "--dest", str(place), "-r", str(listed)]
    done = subprocess.run(words, env={**os.environ, "TMPDIR": str(place)}, capture_output=True, text=True)
    for found in place.glob(f"pip-download-*/*/{name}"):
        return found
    raise SystemExit(f"camcors: pip did not fetch {requirement.split()[0]}: {done.stderr.strip()}")
