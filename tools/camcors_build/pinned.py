"""The camera driver's two repositories, each pinned by commit and kept under build/."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from .source import CLONE_SECONDS, GIT, BuildError, run


@dataclass(frozen=True)
class Pin:
    """A commit of a repository. `variable` names a folder to take instead."""

    name: str
    repository: str
    commit: str
    variable: str
    probe: str  # a file that such a folder has


#: The release v0.6.2 of the module `camera`.
CAMERA_API = Pin(
    "micropython-camera-API",
    "https://github.com/cnadler86/micropython-camera-API.git",
    "8df3f70b20e52adad24f3f3de42628366f11cc06",
    "CAMERA_API_DIR",
    "micropython.cmake",
)

#: The branch `micropython` as of 2025-11-07: the fork keeps the I2C driver that MicroPython uses.
ESP32_CAMERA = Pin(
    "esp32-camera",
    "https://github.com/cnadler86/esp32-camera.git",
    "22e014bb380071599a82fe5f9abbf58e42fef91d",
    "ESP32_CAMERA_DIR",
    "driver/include/esp_camera.h",
)


def find(pin: Pin, cache: Path) -> Path:
    """Return the folder to build from: what the variable names, else the pinned commit. Raises BuildError."""
    given = os.environ.get(pin.variable)
    if given:
        path = Path(given).resolve()
        if not (path / pin.probe).is_file() or path.name != pin.name:
            raise BuildError(f"{pin.variable}: {path} is not a folder {pin.name} with {pin.probe}")
        return path
    path = cache / pin.name
    if not path.is_dir() or commit_of(path) != pin.commit:
        shutil.rmtree(path, ignore_errors=True)
        fetch(pin.repository, pin.commit, path, f"set {pin.variable} to a copy of commit {pin.commit}")
    return path


def commit_of(path: Path) -> str:
    return run(["git", "rev-parse", "HEAD"], 10, path.name, cwd=path).strip()


def fetch(repository: str, commit: str, path: Path, remedy: str) -> None:
    """Get one commit into `path`, whole or not at all. Raises BuildError that ends with the remedy."""
    part = path.with_name(path.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        run(["git", "init", "--quiet"], 10, path.name, cwd=part)
        get = [*GIT, "fetch", "--quiet", "--depth", "1", repository, commit]
        run(get, CLONE_SECONDS, path.name, cwd=part)
        run(["git", "checkout", "--quiet", "--detach", commit], 60, path.name, cwd=part)
    except BuildError as exc:
        shutil.rmtree(part, ignore_errors=True)
        raise BuildError(f"{exc}; {remedy}") from None
    part.rename(path)
