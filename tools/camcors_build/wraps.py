"""Whether the linker put this project's functions, __wrap_NAME in our C, in the place of others'."""

from __future__ import annotations

import re
from pathlib import Path

from .boards import TOP, Board
from .source import BuildError

_DEFINED = re.compile(r"^\w[^;{}#=]*\b__wrap_(\w+)\([^;{}]*\)\s*\{", re.MULTILINE)
#: What comes before it in the linker's map was left out of the program (GNU ld, "Map" in its manual).
_KEPT = "\nLinker script and memory map\n"


def required(board: Board) -> set[str]:
    """Return the names of the functions that the board's C wraps, found in the C and not in what links it."""
    firmware = TOP / "firmware"
    folders = {firmware / name for name in board.data["drivers"].values()}
    if board.is_esp32:
        folders.add(firmware / "native")
    return {
        name
        for folder in folders
        for path in folder.glob("*.c")
        for name in _DEFINED.findall(path.read_text())
    }


def check(map_file: Path, board: Board) -> None:
    """Raises BuildError if a wrap did not take: nothing calls it then, and the linker leaves it out."""
    kept = map_file.read_text(errors="replace").partition(_KEPT)[2]
    took = set(re.findall(r"^ \.text\.__wrap_(\w+)$", kept, re.MULTILINE))
    missing = sorted(required(board) - took)
    if missing:
        raise BuildError(f"not linked in: {', '.join(missing)}; add -Wl,--wrap= for each beside its C")
