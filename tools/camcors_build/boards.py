"""The boards: what boards/X/board.json and pins.csv say, for the build, the firmware and docs/boards.md.

`boards table` writes the table of boards in docs/boards.md; `boards list` prints the ESP32 boards as JSON.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import board_json, board_notes, marked, partitions
from .partitions import Partition
from .source import BuildError, with_status

TOP = Path(__file__).resolve().parents[2]
BOARDS = TOP / "boards"
PAGE = TOP / "docs" / "boards.md"

DATA_PINS = tuple(f"CAM_D{n}" for n in range(8))
#: Argument of camera.Camera() -> name in pins.csv; -1 stands for a pin that the board does not have.
CAMERA_PINS = {
    "pclk_pin": "CAM_PCLK",
    "vsync_pin": "CAM_VSYNC",
    "href_pin": "CAM_HREF",
    "sda_pin": "CAM_SDA",
    "scl_pin": "CAM_SCL",
    "xclk_pin": "CAM_XCLK",
    "powerdown_pin": "CAM_PWDN",
    "reset_pin": "CAM_RESET",
}


@dataclass(frozen=True)
class Board:
    """One folder of boards/; `data` is its board.json."""

    path: Path
    data: dict[str, Any]

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def is_esp32(self) -> bool:
        return (self.path / "mpconfigboard.cmake").is_file()

    @property
    def chip(self) -> dict[str, Any]:
        """What all boards with this chip have: the row of boards/common/chips.json."""
        return dict(chips()[self.data["mcu"]])

    @property
    def name(self) -> str:
        """The name that the firmware says, for people."""
        return f"{self.data['vendor']} {self.data['product']}"

    def pins(self) -> dict[str, int]:
        """pins.csv: name -> number of the GPIO. Raises BuildError for a row that make-pins.py refuses."""
        path = self.path / "pins.csv"
        pins: dict[str, int] = {}
        for row in csv.reader(path.read_text().splitlines()) if path.is_file() else ():
            if len(row) != 2 or not re.fullmatch(r"GPIO\d+", row[1]) or row[0] in pins:
                raise BuildError(f"{path}: {','.join(row)}: write name,GPIOn, each name once")
            pins[row[0]] = int(row[1][4:])
        return pins

    def table(self) -> list[Partition]:
        path = BOARDS / "common" / partition_file(self.data["flash_size"])
        return partitions.read_csv(path, self.data["flash_size"])

    def drivers(self) -> str:
        """Return the text of board_drivers.py: where the firmware finds the classes Camera and Network."""
        return "".join(
            f"from {package}.{name} import {name.capitalize()}\n"
            for name, package in sorted(self.data["drivers"].items())
        )

    def lamp(self, name: str) -> tuple[int, bool] | None:
        """LED or LAMP: (pin, lit by a high level), or None."""
        polarity = self.data.get(name.lower())
        return (self.pins()[name], polarity == "active-high") if polarity else None

    def camera(self) -> dict[str, Any] | None:
        """Return the arguments of camera.Camera() that are this board's, or None for a board without a
        sensor."""
        camera, pins = self.data.get("camera"), self.pins()
        if camera is None:
            return None
        arguments: dict[str, Any] = {"data_pins": tuple(pins[name] for name in DATA_PINS)}
        arguments |= {key: pins.get(name, -1) for key, name in CAMERA_PINS.items()}
        arguments["xclk_freq"] = camera["xclk_mhz"] * 1_000_000
        arguments["fb_count"] = camera["frame_buffers"]
        return arguments

    @property
    def supplies(self) -> dict[str, Any]:
        """`power` of board.json, pins by name; of a board without it, no levels and no chip."""
        return self.data.get("power") or {"levels": {}, "i2c": None}

    def power(self) -> dict[str, Any]:
        """Return what feeds the sensor, pins by number: levels to hold, and a chip on I2C or None."""
        pins, i2c = self.pins(), self.supplies["i2c"]
        levels = tuple((pins[name], level) for name, level in self.supplies["levels"].items())
        if i2c is not None:
            i2c = {**i2c, "sda": pins[i2c["sda"]], "scl": pins[i2c["scl"]]}
            del i2c["does"]  # for people
            i2c["writes"] = tuple(tuple(write) for write in i2c["writes"])
        return {"levels": levels, "i2c": i2c}

    def module(self, firmware_version: str) -> str:
        """Return the text of the frozen board.py; boards/README.md says what each name means."""
        return (
            f"NAME = {self.id!r}\n"
            f"FIRMWARE = {firmware_version!r}\n"
            f"SERVER_STACK_BYTES = {self.data['server_stack_bytes']}\n"
            "# Settings that outrank /camera.json: where the board itself knows better.\n"
            "SETTINGS = {}\n"
            f"CAMERA = {self.camera()!r}\n"
            f"LED = {self.lamp('LED')!r}\n"
            f"LAMP = {self.lamp('LAMP')!r}\n"
            f"POWER = {self.power()!r}\n"
            '# What the camera is set to at the start, by its sensor or "any"; /camera.json outranks it.\n'
            f"DEFAULTS = {self.data.get('defaults', {})!r}\n"
        )


def chips() -> dict[str, Any]:
    """Return the chips by ESP-IDF's name of them."""
    return dict(json.loads((BOARDS / "common" / "chips.json").read_text()))


def partition_file(flash_size: int) -> str:
    """Return the table in boards/common/ of a flash with so many bytes."""
    return f"partitions-{flash_size >> 20}MB.csv"


def read(folder: Path) -> Board:
    """Return the board in a folder of boards/.

    Raises BuildError that names the key of board.json at fault.
    """
    found = (path.suffix[1:] for path in (BOARDS / "common").glob("sdkconfig.*MB"))
    sizes = sorted(found, key=lambda size: int(size[:-2]))
    board = Board(folder, board_json.read(folder / "board.json", chips(), sizes))
    for key, name in _named_pins(board):
        if name not in board.pins():
            raise BuildError(f"{folder / 'board.json'}: {key}: {name} is not in pins.csv")
    return board


def _named_pins(board: Board) -> Iterator[tuple[str, str]]:
    """Yield the names of pins in a board.json, with the key at which each stands."""
    for pins in board.data.get("shared", {}).values():
        yield from (("shared", name) for name in pins)
    yield from (("power", name) for name in board.supplies["levels"])
    chip = board.supplies["i2c"]
    if chip is not None:
        yield from (("power", chip[name]) for name in ("sda", "scl"))


def load(name: str) -> Board:
    """Return the board of that name. Raises BuildError that lists the names there are."""
    path = BOARDS / name / "board.json"
    if not name or "/" in name or not path.is_file():
        known = ", ".join(board.id for board in every())
        raise BuildError(f"no board {name or 'given'}; write BOARD= and one of {known}")
    return read(path.parent)


def every() -> list[Board]:
    """Return the ESP32 boards, by name."""
    found = (read(path.parent) for path in sorted(BOARDS.glob("*/board.json")))
    return [board for board in found if board.is_esp32]


def size(count: int) -> str:
    return f"{count >> 20} MB" if count else "–"


def psram(board: Board) -> str:
    """Return how much PSRAM the board has, and how much of it the chip can use if that is less."""
    has, least = board.data["psram_size"], board.data.get("psram_least")
    words = f"{size(has)}, some {size(least)}" if least else size(has)
    mapped = board.chip["psram_mapped"]
    return f"{words}; {size(mapped)} used" if has > mapped else words


def level(reached: dict[str, str]) -> str:
    """Return how far a board was tried, in words."""
    words = " ".join(filter(None, (reached["reached"], reached.get("date"))))
    return f"{words}: {reached['as']}" if "as" in reached else words


def trials() -> str:
    """Return the table of what the boards were tried with, by the date that their levels name."""
    found = json.loads((BOARDS / "common" / "trials.json").read_text())
    rows = [
        [date, trial["versions"], "; ".join(trial["improvised"]), trial["sizes"]]
        for date, trial in found.items()
    ]
    return marked.markdown(("tried on", "with", "improvised", "sizes of the applications"), rows)


def table() -> str:
    """Return the table of the ESP32 boards in Markdown."""
    heads = "`BOARD=` and product", "chip", "flash", "PSRAM", "LED", "USB", "flash offset", "level reached"
    rows = []
    for board in every():
        data = board.data
        lights = [f"GPIO{light[0]}" for light in (board.lamp("LED"), board.lamp("LAMP")) if light]
        name = f"{board.name}, and {data['also']}" if "also" in data else board.name
        cells = [f"`{board.id}`<br>{name}", board.chip["name"]]
        cells += [size(data["flash_size"]), psram(board), ", ".join(lights) or "–", data["usb"]]
        cells += [f"{board.chip['flash_offset']:#x}", level(data["level"])]
        rows.append(cells)
    return marked.markdown(heads, rows)


def with_table(text: str) -> str:
    """Return the page's `text` with a current table. Raises BuildError where the markers are missing."""
    text = marked.put("docs/boards.md", text, "boards", table())
    text = marked.put("docs/boards.md", text, "notes", board_notes.of_all(every()))
    return marked.put("docs/boards.md", text, "trials", trials())


@with_status
def main(arguments: list[str]) -> int:
    if arguments == ["table"]:
        PAGE.write_text(with_table(PAGE.read_text()))
    elif arguments == ["list"]:
        print(json.dumps([board.id for board in every()]))
    else:
        print("usage: boards.py table | list", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
