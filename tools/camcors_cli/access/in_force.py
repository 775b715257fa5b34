"""Putting an access file in force, as a person sees it."""

from __future__ import annotations

from typing import NamedTuple

from access.document import Access

from ..device import camera
from ..device.board import Board
from ..ui.output import Output
from . import document


class Stands(NamedTuple):
    """An access file that was put on a camera: what it says, its text, and whether the camera has started."""

    access: Access
    text: bytes
    started: bool

    @property
    def when(self) -> str:
        """When it counts, in words."""
        return "in force" if self.started else "in force when the camera starts"


def put_in_force(board: Board, out: Output, before: bytes | None, new: Access) -> Stands:
    """Put `new` in force in the place of the file `before`. Raises Failure."""
    text = document.write(new, before)
    return Stands(new, text, camera.save_access(board, text, before, out).started)


def tell_who(out: Output, stands: Stands) -> None:
    """Note where a camera is more open, or more closed, than its owner may think."""
    opened = document.opened(stands.text, stands.access)
    if opened:
        out.note(f"the camera stays open: {opened}; remove that line to lock it")
    elif not stands.access.tokens:
        out.note("no token is left, so nobody gets in now; camcors token add NAME --role view makes one")
