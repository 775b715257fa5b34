"""What the shell offers for a token: the names of those on the camera."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from ..device import camera
from ..device.board import Board
from ..device.idle import ask_in_passing
from ..ui.output import escape
from . import document


def names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of the tokens on the camera; [] if they are not known at once."""
    found = ask_in_passing(ctx.params.get("port"), _names)
    return [CompletionItem(escape(each)) for each in found if each.startswith(incomplete)]


def _names(board: Board) -> list[str]:
    return [token.name for token in document.read(camera.file(board, document.PATH)).tokens]
