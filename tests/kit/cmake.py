"""Runs the real CMake on a board: the port's own CMakeLists.txt, with a stand-in for ESP-IDF."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import cmake
from camcors_build import frozen, source

PROGRAM = Path(cmake.CMAKE_BIN_DIR) / "cmake"

#: The variables that the port or ESP-IDF reads after the board's file.
ASKED = (
    "IDF_TARGET",
    "EXTRA_COMPONENT_DIRS",
    "MICROPY_PY_TINYUSB",
    "MICROPY_PY_BTREE",
    "MICROPY_LIB_DIR",
    "MICROPY_FROZEN_MANIFEST",
)
CAMERA_DRIVER = "/sources/esp32-camera"

# The port includes this before project(), and the releases from 1.26 on call the function.
_PROJECT = """
function(idf_build_set_property)
endfunction()
macro(project)
  foreach(name {asked})
    file(APPEND ${{CMAKE_BINARY_DIR}}/asked "${{name}}=${{${{name}}}}\\n")
  endforeach()
endmacro()
"""


class Configured(NamedTuple):
    """What the port has after it included the board's file. sdkconfig: all fragments, in their order."""

    variables: dict[str, str]
    sdkconfig: str
    macros: dict[str, str]


def run(folder: Path, build: Path, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Configure ports/esp32 in `build` for the board in `folder`."""
    idf = build.with_name(f"{build.name}-idf") / "tools" / "cmake"
    idf.mkdir(parents=True)
    (idf / "project.cmake").write_text(_PROJECT.format(asked=" ".join(ASKED)))
    environ = {"ESP32_CAMERA_DIR": CAMERA_DRIVER} if environ is None else environ
    clean = {name: value for name, value in os.environ.items() if name != "ESP32_CAMERA_DIR"}
    port = source.find(frozen.BUILD).path / "ports" / "esp32"
    command = [PROGRAM, "-G", "Unix Makefiles", "-S", port, "-B", build]
    command += [f"-DMICROPY_BOARD={folder.name}", f"-DMICROPY_BOARD_DIR={folder}"]
    env = {**clean, **environ, "IDF_PATH": str(idf.parents[1])}
    return subprocess.run(command, capture_output=True, text=True, env=env)


def configure(folder: Path, build: Path) -> Configured:
    done = run(folder, build)
    assert done.returncode == 0, done.stderr
    variables = dict(line.split("=", 1) for line in (build / "asked").read_text().splitlines())
    return Configured(variables, (build / "sdkconfig.combined").read_text(), _macros(folder, build))


def _macros(folder: Path, build: Path) -> dict[str, str]:
    """What mpconfigboard.h defines, as the compiler reads it."""
    command = ["gcc", "-E", "-dM", "-undef", "-nostdinc", f"-I{build}", folder / "mpconfigboard.h"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"^#define ((?!__)\w+) (.+)$", text, re.MULTILINE))


def message(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines of a FATAL_ERROR."""
    lines = done.stderr.split("(message):\n", 1)[1].split("\nCall Stack", 1)[0].splitlines()
    return [line.strip() for line in lines if line.strip()]
