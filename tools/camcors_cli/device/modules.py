"""What `camcors install` puts on a board: compiled modules, and what a build makes of a board's data."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from ..ui import input_file
from ..ui.errors import Failure, Status

FOLDER = "/lib"
BOOT = "/boot.py"
BOOT_TEXT = b"""\
# Written by camcors install; camcors install --remove takes it away.
from camcors import start

start.boot()
"""

# Of the modules that are frozen into an image: MicroPython has the first two itself, the others are made for
# the board.
_LEFT_OUT = (
    "asyncio",
    "uasyncio",
    "_boot",
    "boot",
    "board",
    "board_drivers",
    "filesystem",
    "module_names",
    "supply",
)
_DRIVER = "camcors_esp32/camera.mpy"

# MicroPython's own boot has mounted the filesystem, and made it long ago.
_FILESYSTEM = b"fault = None\nis_new = False\n"

_FLOOR = (1, 25, 0)
_HEADER_SIZE = 4


class Facts(NamedTuple):
    """What a board said of itself. version: of MicroPython. mpy: sys.implementation._mpy, 0 if it takes
    no .mpy. is_wide: its words have 64 bits. has_camera, has_firmware: there is a module `camera`; the
    camera's modules are part of its MicroPython."""

    machine: str
    version: tuple[int, ...]
    mpy: int
    is_wide: bool
    has_camera: bool
    has_firmware: bool


def check(facts: Facts, without_camera: bool) -> None:
    """Raises Failure if the modules cannot run on such a board."""
    found = ".".join(map(str, facts.version))
    if facts.version < _FLOOR:
        floor = ".".join(map(str, _FLOOR))
        raise _refused(f"the board runs MicroPython {found}", f"flash it with MicroPython {floor} or later")
    if facts.has_firmware:
        raise _refused(
            "the camera's modules are part of this board's firmware already", "there is nothing to install"
        )
    if not facts.has_camera and not without_camera:
        raise _refused(
            f"the MicroPython of this board, {facts.machine}, has no module camera",
            "flash a build with micropython-camera-API; or bring a camera_driver and add --without-camera",
        )


def collect(folder: Path, facts: Facts, without_camera: bool) -> dict[str, bytes]:
    """Return the files for the board by path.

    Raises Failure if there are none, or not for its MicroPython.
    """
    found = {}
    for path in sorted(folder.rglob("*.mpy")):
        name = path.relative_to(folder)
        top = name.parts[0].removesuffix(".mpy")
        if top in _LEFT_OUT or (without_camera and name.as_posix() == _DRIVER):
            continue
        found[f"{FOLDER}/{name.as_posix()}"] = content = input_file.read(path)
        _check_header(content, name.as_posix(), facts)
    if f"{FOLDER}/camcors/start.mpy" not in found:
        raise Failure(
            f"{folder} has no modules of the camera", "make mpy builds them in build/mpy; or give --modules"
        )
    found[f"{FOLDER}/filesystem.py"] = _FILESYSTEM
    found[f"{FOLDER}/board.py"] = _board(facts)
    found[f"{FOLDER}/board_drivers.py"] = _drivers(without_camera)
    return found


def _check_header(content: bytes, name: str, facts: Facts) -> None:
    """The header's version must be the board's (MicroPython documentation, "MicroPython .mpy files")."""
    wanted = facts.mpy & 0xFF
    if len(content) < _HEADER_SIZE or content[0] != ord("M"):
        raise _refused(f"{name} is not a compiled module", "make mpy builds them")
    if content[1] != wanted:
        takes = f"those of version {wanted}" if wanted else "none"
        raise _refused(
            f"{name} is an .mpy file of version {content[1]}, and the board takes {takes}",
            "build the modules with the MicroPython of the board: make mpy MPY_DIR=…",
        )


def _board(facts: Facts) -> bytes:
    # A frame takes twice the stack where a word has 64 bits; 16 KiB were tried on an ESP32, 256 on a desk.
    stack = 262144 if facts.is_wide else 16384
    return (
        f"NAME = {facts.machine!r}\nFIRMWARE = {version('camcors')!r}\n"
        f"SERVER_STACK_BYTES = {stack}\nSETTINGS = {{}}\n"
        # The pins are those with which the module camera was built.
        'CAMERA = {}\nLED = LAMP = None\nPOWER = {"levels": (), "i2c": None}\nDEFAULTS = {}\n'
    ).encode()


def _drivers(without_camera: bool) -> bytes:
    camera = "camera_driver" if without_camera else "camcors_esp32.camera"
    return f"from {camera} import Camera\nfrom camcors_esp32.network import Network\n".encode()


def _refused(message: str, remedy: str) -> Failure:
    return Failure(message, remedy, Status.REFUSED)
