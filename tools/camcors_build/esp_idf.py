"""ESP-IDF: found by IDF_PATH or installed under build/ by `make idf`, its version checked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from . import pinned, requirements
from .source import GIT, BuildError, run, with_status

PINNED = "5.5.1"
COMMIT = "fcae32885b0296b32044cb99ecbdc50d98dddb83"  # espressif/esp-idf, tag v5.5.1
ACCEPTED = ((5, 3), (5, 4), (5, 5))
REPOSITORY = "https://github.com/espressif/esp-idf.git"
CHIPS = "esp32,esp32s3"
SUBMODULE_SECONDS = 1800
#: Tools that ESP-IDF leaves to the person, and does not have for each machine: what to do without them.
OPTIONAL = {
    "cmake": "make firmware takes the one on PATH",
    "ninja": "make firmware takes the one on PATH",
    "qemu-xtensa": "make firmware works without it",
}

CACHE = Path(__file__).resolve().parents[2] / "build"

#: Runs its arguments in ESP-IDF's environment, which only its own script can set up. Of v5.5.1 that returns 0
#: also where its activate.py has failed and put nothing on PATH.
NO_ENVIRONMENT = 3
EXPORT = f"""
. "$IDF_PATH/export.sh" >/dev/null || exit {NO_ENVIRONMENT}
command -v idf.py >/dev/null || exit {NO_ENVIRONMENT}
exec "$@"
"""


@dataclass(frozen=True)
class Idf:
    """An ESP-IDF. `tools`: the folder of its compilers and its Python, if `make idf` put them there."""

    path: Path
    version: str
    tools: Path | None = None

    def environment(self) -> dict[str, str]:
        env = {"IDF_PATH": str(self.path)}
        if self.tools is not None:
            env |= {"IDF_TOOLS_PATH": str(self.tools), "IDF_PYTHON_ENV_PATH": str(self.tools / "python")}
            # Constraints are a file that idf_tools.py downloads, without a hash: requirements.lock has ours.
            env["IDF_PYTHON_CHECK_CONSTRAINTS"] = "no"
        return env

    def command(self, command: list[str]) -> list[str]:
        """Return the command as it runs with idf.py and the compilers on PATH."""
        if shutil.which("idf.py"):
            return command
        return ["bash", "-c", EXPORT, "esp-idf", *command]

    def __str__(self) -> str:
        note = "" if self.version == PINNED else f" ({PINNED} is the version that images are released with)"
        return f"ESP-IDF {self.version}{note}"


def find(cache: Path = CACHE) -> Idf:
    """Return the ESP-IDF to build with. Raises BuildError that says how to get the right one."""
    given = os.environ.get("IDF_PATH")
    installed = cache / "esp-idf"
    if not given and not installed.is_dir():
        raise BuildError(f"no ESP-IDF: set IDF_PATH to version {PINNED}, or run make idf")
    path = Path(given).resolve() if given else installed
    version = read_version(path)
    numbers = tuple(map(int, version.split(".")))
    if numbers[:2] not in ACCEPTED:
        raise BuildError(
            f"IDF_PATH is ESP-IDF {version}; set it to {PINNED} (5.3 and 5.4 work too), or run make idf"
        )
    return Idf(path, version, None if given else tools_folder(cache))


def tools_folder(cache: Path) -> Path:
    return cache / "esp-idf-tools"


def read_version(path: Path) -> str:
    """Return the version in tools/cmake/version.cmake, such as "5.5.1".

    Raises BuildError if it is no ESP-IDF.
    """
    file = path / "tools" / "cmake" / "version.cmake"
    text = file.read_text() if file.is_file() else ""
    numbers = [re.search(rf"set\(IDF_VERSION_{part} (\d+)\)", text) for part in ("MAJOR", "MINOR", "PATCH")]
    found = [match[1] for match in numbers if match]
    if len(found) != len(numbers):
        raise BuildError(f"IDF_PATH: {path} is not ESP-IDF; set it to version {PINNED}, or run make idf")
    return ".".join(found)


def install(cache: Path = CACHE) -> Idf:
    """Fetch the pinned ESP-IDF and install its tools for our chips, under `cache`. Raise BuildError.

    git checks the commit and those of its submodules; idf_tools.py the SHA-256 of each tool, from the
    tools.json of that commit; pip the hashes of requirements.lock.
    """
    path = cache / "esp-idf"
    if not path.is_dir() or pinned.commit_of(path) != COMMIT:
        shutil.rmtree(path, ignore_errors=True)
        pinned.fetch(REPOSITORY, COMMIT, path, f"get ESP-IDF {PINNED} another way and set IDF_PATH to it")
    # .gitmodules has names such as ../../espressif/esp-lwip.git, which git resolves by the remote's address.
    run(["git", "config", "remote.origin.url", REPOSITORY], 10, "ESP-IDF", cwd=path)
    update = [*GIT, "submodule", "update", "--quiet", "--init", "--recursive", "--depth", "1"]
    run(update, SUBMODULE_SECONDS, "ESP-IDF's submodules", cwd=path)
    idf = Idf(path, read_version(path), tools_folder(cache))
    env = {**os.environ, **idf.environment()}
    get = [sys.executable, "tools/idf_tools.py", "install"]
    if subprocess.run([*get, f"--targets={CHIPS}"], cwd=path, env=env).returncode:
        raise BuildError("ESP-IDF's idf_tools.py failed; its last lines above say why")
    install_python(idf, tools_folder(cache) / "python")
    for tool, without in OPTIONAL.items():
        if subprocess.run([*get, tool], cwd=path, env=env).returncode:
            print(f"camcors: {tool} was not installed; {without}", file=sys.stderr)
    return idf


def install_python(idf: Idf, home: Path) -> None:
    """Make ESP-IDF's Python environment, in the place of its install-python-env, which takes no hashes."""
    try:
        venv.create(home, clear=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as exc:
        raise BuildError(f"{home}: {exc}; install python3-venv and look at the disk's room") from None
    for section in ("install", "idf"):
        if requirements.install(section, python=str(home / "bin" / "python")):
            raise BuildError("ESP-IDF's Python packages were not installed; pip says why above")
    # idf_tools.py refuses an environment of another version by this file.
    (home / "idf_version.txt").write_text(idf.version.rpartition(".")[0])


@with_status
def main() -> None:
    print(f"installed {install()}")


if __name__ == "__main__":
    sys.exit(main())
