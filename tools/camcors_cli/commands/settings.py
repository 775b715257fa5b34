"""`camcors settings`: a check of the file that becomes /camera.json."""

from __future__ import annotations

from typing import Any

import click

from ..image import boards
from ..settings import document
from ..ui import input_file
from ..ui.help import Group
from ..ui.options import json_option
from ..ui.output import Output


@click.group(cls=Group)
def settings() -> None:
    """Check the settings of a camera, /camera.json."""


@settings.command()
@click.argument("file", type=click.File("rb"))
@click.option("--board", type=boards.BOARD, help="Check against this board's camera.  [default: any board's]")
@json_option
def check(file: Any, board: str | None, as_json: bool) -> None:
    """Validate FILE (- for standard input) without a camera.

    Says all faults at once, each with its line. Exit status 0 if it is valid, 1 if not.
    """
    out = Output(as_json)
    camera = boards.read(board).camera if board else boards.any_camera()
    document.check(input_file.read_open(file, file.name), file.name, camera)
    out.result({"faults": []})
    out.say(f"{file.name} is {document.VALID}")
