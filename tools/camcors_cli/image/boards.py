"""The boards' data, as the command needs it: boards/*/board.json, their partition tables and drivers."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import click
from camcors_build import drivers, partitions
from camcors_build.boards import partition_file
from camcors_build.drivers import Fields
from camcors_build.partitions import Partition
from click.shell_completion import CompletionItem

from strict import fault

from ..tree import ROOT
from ..ui.errors import Failure, Status


class BoardData(NamedTuple):
    """chip: esptool's name of it, such as "ESP32-S3"; "" of HOST, which has none. flash_size: bytes.

    camera: what its driver can be set to, None if the driver does not say it.
    """

    name: str
    chip: str
    flash_size: int
    table: list[Partition]
    camera: Fields | None

    def flash(self, offset: int, content: bytes) -> bytes:
        """Return the whole flash without firmware: erased, the partition table, and `content` at `offset`."""
        table = b"\xff" * partitions.TABLE_OFFSET + partitions.encode(self.table)
        return (table.ljust(offset, b"\xff") + content).ljust(self.flash_size, b"\xff")


_MEANT_MAX = 4  # boards of which a person sees at once which is meant
_BOARDS = ROOT / "boards"
_FIRMWARE = ROOT / "firmware"


def names() -> list[str]:
    """Return the boards that there are."""
    return sorted(path.parent.name for path in _BOARDS.glob("*/board.json"))


def read(name: str) -> BoardData:
    """Return the data of the board `name`. Raises Failure if they cannot be read."""
    try:
        data = json.loads((_BOARDS / name / "board.json").read_text())
        flash_size = data["flash_size"]
        table = partitions.read_csv(_BOARDS / "common" / partition_file(flash_size), flash_size)
        chips = json.loads((_BOARDS / "common" / "chips.json").read_text())
        chip = chips[data["mcu"]]["name"] if "mcu" in data else ""
        camera = drivers.fields(_FIRMWARE, data["drivers"]["camera"])
        return BoardData(name, chip, flash_size, table, camera)
    except (OSError, KeyError, TypeError, ValueError) as exc:
        raise Failure(f"boards/{name}/board.json cannot be read: {exc}", status=Status.FAILED) from None


def any_camera() -> Fields:
    """Return what the camera of some board can be set to, for settings of which nobody knows the board."""
    return drivers.widest(drivers.every(_FIRMWARE))


class BoardName(click.ParamType[str]):
    """The name of a board, whatever its case."""

    name = "board"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        known = {each.upper(): each for each in names()}
        if value.upper() not in known:
            near = " or ".join(meant(value))
            remedy = f"did you mean {near}?" if near else f"write one of {', '.join(known.values())}"
            self.fail(f"there is no board {value}; {remedy}", param, ctx)
        return known[value.upper()]

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return complete(incomplete)


def complete(incomplete: str) -> list[CompletionItem]:
    """Return the boards whose names begin so, for a shell."""
    return [CompletionItem(each) for each in names() if each.startswith(incomplete.upper())]


def meant(name: str) -> list[str]:
    """Return the boards that `name` was probably meant to be: those with all its words, else the nearest."""
    words = re.findall("[a-z0-9]+", name.lower())
    known = {re.sub("[^a-z0-9]", "", each.lower()): each for each in names()}
    found = [known[each] for each in known if words and all(word in each for word in words)]
    if found:
        return found if len(found) <= _MEANT_MAX else []
    near = fault.nearest("".join(words), list(known))
    return [known[near]] if near else []


BOARD = BoardName()
