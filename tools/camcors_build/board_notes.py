"""What a person should know of a board's pins and power, in words, from its board.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .boards import Board

_LEVEL = ("low", "high")


def of_all(boards: Iterable[Board]) -> str:
    """Return a list in Markdown, an item for each board that has something to say."""
    notes = ((board.id, of(board)) for board in boards)
    return "".join(f"- `{name}`: {' '.join(said)}\n" for name, said in notes if said)


def of(board: Board) -> list[str]:
    """Return what is to be known of one board, a sentence or two each."""
    said = [_shared(board, part, pins) for part, pins in board.data.get("shared", {}).items()]
    said += [
        f"GPIO{board.pins()[name]} ({name}) is held {_LEVEL[level]} from the start, and over restarts."
        for name, level in board.supplies["levels"].items()
    ]
    chip = board.supplies["i2c"]
    if chip is not None:
        said.append(f"The {chip['chip']} (I2C address {chip['address']:#x}) {chip['does']}.")
    return said


def _shared(board: Board, part: str, pins: dict[str, str]) -> str:
    """Say which pins a part of the board has in common with the camera and the lights."""
    named = ", ".join(f"GPIO{board.pins()[name]} ({name}, its {signal})" for name, signal in pins.items())
    return f"The {part} shares {named}."
