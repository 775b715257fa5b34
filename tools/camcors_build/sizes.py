"""How large each part of a firmware is, and whether it keeps to the board's budget."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .boards import Board
from .partitions import SECTOR_SIZE, TABLE_OFFSET, Partition
from .source import BuildError


@dataclass(frozen=True)
class Part:
    """A row of the report, in bytes; `used` is None for a partition that the build leaves as it is."""

    name: str
    offset: int
    used: int | None
    limit: int


def app_slot(table: list[Partition]) -> Partition:
    """Return the partition that the app is flashed to: the first of its type."""
    for row in table:
        if row.type == "app":
            return row
    raise BuildError("the partition table has no app")


def parts(board: Board, built: Path) -> list[Part]:
    """Return the parts of the build in `built`: what comes before the partitions, then each partition."""
    table = board.table()
    app = app_slot(table)
    offset = board.chip["flash_offset"]
    bootloader = (built / "bootloader" / "bootloader.bin").stat().st_size
    encoded = (built / "partition_table" / "partition-table.bin").stat().st_size
    image = (built / "micropython.bin").stat().st_size
    rows = [Part("bootloader", offset, bootloader, TABLE_OFFSET - offset)]
    rows.append(Part("partition table", TABLE_OFFSET, encoded, SECTOR_SIZE))
    rows += [Part(row.name, row.offset, image if row is app else None, row.size) for row in table]
    return rows


def frozen_bytes(built: Path) -> int:
    """Return the bytecode of the frozen modules, as mpy-cross wrote it."""
    return sum(path.stat().st_size for path in (built / "frozen_mpy").rglob("*.mpy"))


def report(rows: list[Part], frozen: int) -> str:
    """Return the table that make firmware prints."""
    lines = [f"{'part':16}{'offset':>10}{'bytes':>12}{'room':>12}{'free':>12}"]
    for row in rows:
        used = f"{row.used:>12}" if row.used is not None else f"{'–':>12}"
        free = f"{row.limit - row.used:>12}" if row.used is not None else ""
        lines.append(f"{row.name:16}{row.offset:>#10x}{used}{row.limit:>12}{free}")
    lines.append(f"frozen modules, in the app: {frozen} bytes of bytecode")
    return "\n".join(lines)


def check(board: Board, rows: list[Part]) -> None:
    """Raises BuildError with both numbers if a part has no room or the app is over the board's budget."""
    for row in rows:
        if row.used is not None and row.used > row.limit:
            raise BuildError(f"{board.id}: {row.name} is {row.used} bytes and has room for {row.limit}")
    slot = app_slot(board.table())
    used = next(row.used for row in rows if row.name == slot.name)
    if used is not None and used > board.data["app_budget"]:
        raise BuildError(
            f"{board.id}: the app is {used} bytes, over its budget of {board.data['app_budget']}"
        )
