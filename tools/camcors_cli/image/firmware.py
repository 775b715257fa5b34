"""The firmware of a chip in one file: bootloader, partition table and application, as the port's build merges
them from the chip's flash offset on; checked with esptool's own parser.

Source: ESP-IDF Programming Guide, "App Image Format".
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, NamedTuple

from camcors_build import partitions
from camcors_build.partitions import TABLE_OFFSET, TABLE_SIZE, Partition
from esptool.bin_image import LoadFirmwareImage
from esptool.targets import CHIP_DEFS
from esptool.util import FatalError, flash_size_bytes

from ..ui import input_file
from ..ui.errors import Failure, Status
from .boards import BoardData

_MAGIC = 0xE9
_CHIP_ID = struct.Struct("<12xH")  # where the extended header has it
_DIGEST_SIZE = 32
_HEADER_SIZE = 24
_TAKE = "take the firmware.bin that make firmware BOARD=… builds"


class Firmware(NamedTuple):
    """data: bytes from the chip's flash offset on. chip: esptool's class of it. flash_size: what the
    bootloader is told, bytes. app: its partition; app_size: how much of it the application takes, bytes."""

    data: bytes
    chip: Any
    flash_size: int
    table: list[Partition]
    app: Partition
    app_size: int

    @property
    def offset(self) -> int:
        """Where in flash `data` begins."""
        return int(self.chip.BOOTLOADER_FLASH_OFFSET)

    @property
    def end(self) -> int:
        """Where in flash `data` ends."""
        return self.offset + len(self.data)

    def at(self, start: int, end: int) -> bytes:
        """Return what it puts between two addresses of the flash; less if it ends before."""
        return self.data[start - self.offset : end - self.offset]


def default_path(board: str) -> Path:
    """Return where the build puts the firmware of a board, seen from the project's folder."""
    return Path("build", board, "firmware.bin")


def read_file(path: Path, board: BoardData | None = None) -> Firmware:
    """Return the firmware in a file, checked; with `board`, for that board. Raises Failure in words."""
    try:
        data = input_file.read(path)
    except FileNotFoundError:
        make = f"make firmware BOARD={board.name} builds one; or " if board else ""
        raise Failure(f"there is no {path}", f"{make}name another file") from None
    return check(data, str(path), board)


def check(data: bytes, name: str, board: BoardData | None = None) -> Firmware:
    """Return the firmware `data`, the content of the file `name`. Raises Failure in words."""
    chip = _chip(data, name, board)
    offset = chip.BOOTLOADER_FLASH_OFFSET
    bootloader, size = _parse(chip, data, f"the bootloader in {name}")
    if offset + size > TABLE_OFFSET:
        raise _refused(
            f"{name} has no partition table at {TABLE_OFFSET:#x}: its first image of {size} bytes covers that"
        )
    table = _table(data[TABLE_OFFSET - offset :][:TABLE_SIZE], name, board)
    flash_size = _flash_size(chip, bootloader, name, table)
    app = _app(table, name)
    _, app_size = _parse(chip, data[app.offset - offset :], f"the application in {name}")
    if app_size > app.size:
        over = f"{app_size - app.size} more than its slot {app.name} of {app.size}"
        raise _refused(f"the application in {name} has {app_size} bytes, {over}")
    if offset + len(data) > flash_size:
        raise _refused(f"{name} ends at {offset + len(data):#x}, past the flash of {flash_size} bytes")
    return Firmware(data, chip, flash_size, table, app, app_size)


def _chip(data: bytes, name: str, board: BoardData | None) -> Any:
    """esptool's class of the chip that the first header names."""
    if len(data) < _HEADER_SIZE or data[0] != _MAGIC:
        found = f"{data[0]:#04x}" if data else "nothing"
        raise _refused(f"{name} is not firmware: it begins with {found}, not with {_MAGIC:#x}")
    (number,) = _CHIP_ID.unpack_from(data)
    chips = [each for each in CHIP_DEFS.values() if getattr(each, "IMAGE_CHIP_ID", None) == number]
    if not chips:
        raise _refused(f"{name} is for a chip that esptool does not know, number {number}")
    chip = chips[0]
    if board and board.chip != chip.CHIP_NAME:
        raise _refused(f"{name} is for an {chip.CHIP_NAME}, and {board.name} has an {board.chip}")
    return chip


def _parse(chip: Any, data: bytes, what: str) -> tuple[Any, int]:
    """esptool's image object of what `data` begins with, and its size in bytes with checksum and digest."""
    try:
        (number,) = _CHIP_ID.unpack_from(data)
        if number != chip.IMAGE_CHIP_ID:
            raise FatalError(f"it is for another chip, number {number}")
        image = LoadFirmwareImage(chip.CHIP_NAME, data)
    except (FatalError, RuntimeError, struct.error, TypeError) as exc:  # TypeError: cut before the checksum
        reason = exc if isinstance(exc, FatalError) else "it is cut short or damaged"
        raise _refused(f"{what} is not an image for {chip.CHIP_NAME}: {reason}") from None
    if image.calculate_checksum() != image.checksum:
        raise _refused(f"{what} is damaged: its checksum does not match")
    if not image.append_digest:
        end = max(each.file_offs + 8 + len(each.data) for each in image.segments)
        return image, end // 16 * 16 + 16  # the checksum ends a block of 16
    if image.stored_digest != image.calc_digest:
        raise _refused(f"{what} is damaged: its SHA-256 does not match")
    return image, image.data_length + _DIGEST_SIZE


def _table(data: bytes, name: str, board: BoardData | None) -> list[Partition]:
    try:
        table = partitions.decode(data)
    except ValueError as exc:
        raise _refused(f"the partition table in {name} is not right: {exc}") from None
    if board and table != board.table:
        theirs = [each for each in table if each not in board.table]
        ours = [each for each in board.table if each not in table]
        found = ", ".join(map(str, theirs)) or "fewer partitions"
        wanted = ", ".join(map(str, ours)) or "no more than that"
        raise _refused(
            f"the partition table in {name} is not that of {board.name}: it has {found}; wanted: {wanted}"
        )
    return table


def _flash_size(chip: Any, bootloader: Any, name: str, table: list[Partition]) -> int:
    """Return what the bootloader is told; it refuses a table that goes past that."""
    number = bootloader.flash_size_freq & 0xF0
    label = next((label for label, each in chip.FLASH_SIZES.items() if each == number), None)
    if label is None:
        raise _refused(f"the bootloader in {name} has no known flash size")
    size = int(flash_size_bytes(label))
    end = max(each.end for each in table)
    if end > size:
        raise _refused(f"the partitions in {name} end at {end:#x}, and its bootloader counts on {label}")
    return size


def _app(table: list[Partition], name: str) -> Partition:
    for part in table:
        if part.type == "app":
            return part
    raise _refused(f"the partition table in {name} has no slot for an application")


def _refused(message: str) -> Failure:
    return Failure(message, _TAKE, Status.REFUSED)
