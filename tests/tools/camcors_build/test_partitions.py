"""The partition table: CSV to the bytes that ESP-IDF's bootloader reads."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from camcors_build import partitions

COMMON = Path(__file__).resolve().parents[3] / "boards" / "common"
FLASH_4MB = 4 * 1024 * 1024


def test_the_4_mb_table_byte_by_byte() -> None:
    rows = partitions.read_csv(COMMON / "partitions-4MB.csv", FLASH_4MB)
    expected = b"".join(
        bytes((0xAA, 0x50, kind, subtype))
        + struct.pack("<II", offset, size)
        + name.ljust(16, b"\0")
        + bytes(4)
        for name, kind, subtype, offset, size in [
            (b"nvs", 1, 0x02, 0x9000, 0x4000),
            (b"otadata", 1, 0x00, 0xD000, 0x2000),
            (b"phy_init", 1, 0x01, 0xF000, 0x1000),
            (b"ota_0", 0, 0x10, 0x10000, 0x190000),
            (b"ota_1", 0, 0x11, 0x1A0000, 0x190000),
            (b"vfs", 1, 0x81, 0x330000, 0xD0000),
        ]
    )
    expected += b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(expected).digest()
    encoded = partitions.encode(rows)
    assert encoded == expected + b"\xff" * (0xC00 - len(expected))


@pytest.mark.parametrize(("size", "vfs"), [(8, 0x3F0000), (16, 0xBF0000)])
def test_a_larger_flash_has_larger_slots_and_more_room_for_files(size: int, vfs: int) -> None:
    rows = {row.name: row for row in partitions.read_csv(COMMON / f"partitions-{size}MB.csv", size << 20)}
    assert {name: (row.offset, row.size) for name, row in rows.items()} == {
        "nvs": (0x9000, 0x4000),
        "otadata": (0xD000, 0x2000),
        "phy_init": (0xF000, 0x1000),
        "ota_0": (0x10000, 0x200000),
        "ota_1": (0x210000, 0x200000),
        "vfs": (0x410000, vfs),
    }
    assert rows["vfs"].encode()[2:4] == b"\x01\x81"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vfs, data, fat, 0x200001, 0x1000", "vfs: write multiples of 0x1000"),
        ("vfs, data, fat, 0x200000, 0", "vfs: write multiples of 0x1000"),
        ("a, app, ota_0, 0x18000, 0x1000", "a: write an offset that is a multiple of 0x10000"),
        ("vfs, data, fat, 0x8000, 0x1000", "vfs: write an offset of 0x9000 or more"),
        (
            "a, data, nvs, 0x9000, 0x2000\nb, data, fat, 0xa000, 0x1000",
            "b: write an offset of 0xb000 or more",
        ),
        ("vfs, data, fat, 0x200000, 0x201000", "vfs: ends past the flash, at 0x401000"),
        ("vfs, data, fat, here, 0x1000", "write name,type,subtype,offset,size"),
        ("vfs, data, fat32, 0x9000, 0x1000", "write name,type,subtype,offset,size"),
        ("vfs, data, 0xff, 0x9000, 0x1000", "write name,type,subtype,offset,size"),
        ("vfs, data, -1, 0x9000, 0x1000", "write name,type,subtype,offset,size"),
        ("vfs, data, 0x100, 0x9000, 0x1000", "write name,type,subtype,offset,size"),
        ("vfs, file, fat, 0x9000, 0x1000", "write name,type,subtype,offset,size"),
        ("vfs, data", "write name,type,subtype,offset,size"),
        ("a_name_of_16_chars, data, fat, 0x9000, 0x1000", "name of 1 to 15 letters"),
        (", data, fat, 0x9000, 0x1000", "name of 1 to 15 letters"),
    ],
)
def test_a_bad_table_is_refused_with_the_remedy(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"# Name, Type, SubType, Offset, Size\n{text}\n")
    with pytest.raises(ValueError, match=r"table\.csv") as raised:
        partitions.read_csv(path, FLASH_4MB)
    assert message in str(raised.value)


def test_what_is_encoded_reads_back() -> None:
    rows = partitions.read_csv(COMMON / "partitions-4MB.csv", FLASH_4MB)
    assert partitions.decode(partitions.encode(rows)) == rows


def test_types_without_a_name_are_numbers() -> None:
    table = partitions.encode(partitions.read_csv(COMMON / "partitions-4MB.csv", FLASH_4MB))
    entry = bytes((0xAA, 0x50, 0x40, 0x07)) + struct.pack("<II", 0x9000, 0x1000) + b"own".ljust(20, b"\0")
    md5 = b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(entry).digest()
    assert partitions.decode(entry + md5 + table[64:]) == [
        partitions.Partition("own", "0x40", "0x07", 0x9000, 0x1000)
    ]


def without_md5(table: bytearray) -> None:
    table[4 * 32 : 5 * 32] = b"\xff" * 32


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda table: table.__setitem__(6, 0x91), "its MD5 entry does not match the others"),
        (lambda table: table.__setitem__(4 * 32 + 16, table[4 * 32 + 16] ^ 1), "its MD5 entry does not"),
        (without_md5, "it has no MD5 entry"),
        (lambda table: table.__setitem__(0, 0xFF), "there is none"),
        (lambda table: table.clear(), "there is none"),
        (lambda table: table.__delitem__(slice(40, None)), "it has no MD5 entry"),
    ],
)
def test_a_damaged_table_is_refused(damage: Callable[[bytearray], None], message: str) -> None:
    table = bytearray(partitions.encode(partitions.read_csv(COMMON / "partitions-4MB.csv", FLASH_4MB)))
    damage(table)
    with pytest.raises(ValueError, match=message):
        partitions.decode(bytes(table))
