"""The partition table of an ESP32: from the CSV that ESP-IDF reads to the bytes in flash.

Source: ESP-IDF Programming Guide, "Partition Tables" (CSV columns, binary format, MD5 entry).
"""

from __future__ import annotations

import csv
import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

SECTOR_SIZE = 0x1000
APP_ALIGNMENT = 0x10000  # a page of the chip's MMU, by which it maps an app
TABLE_OFFSET = 0x8000
TABLE_SIZE = 0xC00

TYPES = {"app": 0x00, "data": 0x01}
SUBTYPES = {
    "app": {"factory": 0x00, "ota_0": 0x10, "ota_1": 0x11, "test": 0x20},
    "data": {"ota": 0x00, "phy": 0x01, "nvs": 0x02, "coredump": 0x03, "fat": 0x81, "littlefs": 0x83},
}

_ENTRY = struct.Struct("<2sBBII16sI")
_ENTRY_MAGIC = b"\xaa\x50"
_MD5_MAGIC = b"\xeb\xeb" + b"\xff" * 14


@dataclass(frozen=True)
class Partition:
    """One row of the table; offset and size are in bytes from the start of the flash."""

    name: str
    type: str
    subtype: str
    offset: int
    size: int

    @property
    def end(self) -> int:
        return self.offset + self.size

    def __str__(self) -> str:
        return f"{self.name} ({self.type}, {self.subtype}) at {self.offset:#x}, {self.size} bytes"

    def encode(self) -> bytes:
        kind, subtype = _numbers(self.type, self.subtype)
        name = self.name.encode("ascii")
        return _ENTRY.pack(_ENTRY_MAGIC, kind, subtype, self.offset, self.size, name, 0)


def read_csv(path: Path, flash_size: int) -> list[Partition]:
    """Read and check a table. Raises ValueError that names the row and what to write instead."""
    partitions: list[Partition] = []
    end = TABLE_OFFSET + SECTOR_SIZE
    lines = (line for line in path.read_text().splitlines() if not line.startswith("#"))
    for row in csv.reader(lines, skipinitialspace=True):
        if not row:
            continue
        part = _partition(path, row)
        if part.offset % SECTOR_SIZE or part.size % SECTOR_SIZE or not part.size:
            raise ValueError(f"{path}: {part.name}: write multiples of 0x1000")
        if part.type == "app" and part.offset % APP_ALIGNMENT:
            raise ValueError(f"{path}: {part.name}: write an offset that is a multiple of 0x10000")
        if part.offset < end:
            raise ValueError(f"{path}: {part.name}: write an offset of {end:#x} or more")
        if part.end > flash_size:
            raise ValueError(f"{path}: {part.name}: ends past the flash, at {part.end:#x}")
        end = part.end
        partitions.append(part)
    return partitions


def _numbers(kind: str, subtype: str) -> tuple[int, int]:
    """Type and subtype as in flash; either is a name or a number. Raises ValueError."""
    number = TYPES[kind] if kind in TYPES else int(kind, 0)
    names = SUBTYPES.get(kind, {})
    subnumber = names[subtype] if subtype in names else int(subtype, 0)
    if not (0 <= number <= 0xFE and 0 <= subnumber <= 0xFE):  # 0xFF is "any" to ESP-IDF
        raise ValueError("one byte each")
    return number, subnumber


def _partition(path: Path, row: list[str]) -> Partition:
    try:
        name, kind, subtype, offset, size = (field.strip() for field in row[:5])
        _numbers(kind, subtype)
        if not 1 <= len(name.encode("ascii")) <= 15:
            raise ValueError("name")
        return Partition(name, kind, subtype, int(offset, 0), int(size, 0))
    except ValueError:
        raise ValueError(
            f"{path}: {','.join(row)}: write name,type,subtype,offset,size"
            " with a name of 1 to 15 letters and numbers such as 0x10000"
        ) from None


def encode(partitions: list[Partition]) -> bytes:
    """Return the table as it stands in flash at TABLE_OFFSET: entries, MD5 entry, 0xFF to TABLE_SIZE."""
    entries = b"".join(part.encode() for part in partitions)
    digest = hashlib.md5(entries, usedforsecurity=False).digest()
    return (entries + _MD5_MAGIC + digest).ljust(TABLE_SIZE, b"\xff")


def decode(table: bytes) -> list[Partition]:
    """Return the partitions in `table`, the bytes at TABLE_OFFSET; a type that has no name here is its
    number.

    Raises ValueError, in words, if there is no table, or if its MD5 entry is missing or wrong.
    """
    found: list[Partition] = []
    for start in range(0, len(table) - _ENTRY.size + 1, _ENTRY.size):
        entry = table[start : start + _ENTRY.size]
        if entry.startswith(_MD5_MAGIC):
            if entry[16:] != hashlib.md5(table[:start], usedforsecurity=False).digest():
                raise ValueError("its MD5 entry does not match the others")
            return found
        if not entry.startswith(_ENTRY_MAGIC):
            break
        found.append(_decode_entry(entry))
    raise ValueError("it has no MD5 entry" if found else "there is none")


def _decode_entry(entry: bytes) -> Partition:
    _, kind, subtype, offset, size, name, _ = _ENTRY.unpack(entry)
    kind_name = _name_of(kind, TYPES)
    subtype_name = _name_of(subtype, SUBTYPES.get(kind_name, {}))
    return Partition(name.rstrip(b"\0").decode("ascii", "replace"), kind_name, subtype_name, offset, size)


def _name_of(number: int, names: dict[str, int]) -> str:
    return next((name for name, each in names.items() if each == number), f"{number:#04x}")
