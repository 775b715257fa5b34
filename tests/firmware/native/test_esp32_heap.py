"""How far the Python heap of a board may grow: esp32_heap.c on chips of a table."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from camcors_build import boards

from settings.table import LIMITS
from tests.kit import c

MB = 1 << 20
RESERVE, BLOCK = 89_344, 17_408

#: PSRAM's total and largest block, internal memory's free bytes and largest block -> what the heap may take.
ROWS = {
    "all of PSRAM": ((4 * MB, 4_128_768, 150_000, 110_000), 4_128_768),
    "PSRAM, however little is left beside it": ((4 * MB, 2 * MB, 3_000, 2_000), 2 * MB),
    "PSRAM in which malloc() looks last": ((4 * MB, 8192, 150_000, 110_000), 0),
    "PSRAM in which malloc() looks first": ((4 * MB, 8193, 150_000, 110_000), 8193),
    "no PSRAM left: no internal memory for it": ((8 * MB, 0, 200_000, 110_000), 0),
    "no PSRAM: less the reserve": ((0, 0, 160_000, 110_000), 160_000 - RESERVE),
    "no PSRAM: one byte above the reserve": ((0, 0, RESERVE + 1, 80_000), 1),
    "no PSRAM: the reserve": ((0, 0, RESERVE, 80_000), 0),
    "no PSRAM: less than the reserve": ((0, 0, 8_000, 8_000), 0),
    "no PSRAM: a block for a thread stays": ((0, 0, 250_000, 110_000), 110_000 - BLOCK),
    "no PSRAM, in pieces: none is taken": ((0, 0, 250_000, BLOCK), 0),
    "no PSRAM, in crumbs": ((0, 0, 250_000, 500), 0),
    "nothing": ((0, 0, 0, 0), 0),
}


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program: esp32_heap.c for this computer."""
    folder = tmp_path_factory.mktemp("esp32_heap")
    built = folder / "chip"
    files = [c.FIRMWARE / "native" / "esp32_heap.c", Path(__file__).with_name("esp32_heap_main.c")]
    command = c.for_boards_on_host(c.generate(folder / "made", []))
    subprocess.run([*command, *files, "-o", built], check=True)
    return built


@pytest.mark.parametrize("what", ROWS)
def test_what_the_heap_may_take(chip: Path, what: str) -> None:
    figures, room = ROWS[what]
    done = subprocess.run([chip, *map(str, figures)], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"{room} {figures[2]}\n", "")


def test_the_heap_grows_until_the_reserve_is_left(chip: Path) -> None:
    """An ESP32 without PSRAM has two regions; the heap doubles as in gc_try_add_heap() of py/gc.c."""
    regions, heap = [110_000, 120_000], 56 * 1024
    while True:
        done = subprocess.run(
            [chip, "0", "0", str(sum(regions)), str(max(regions))], capture_output=True, text=True
        )
        room = int(done.stdout.split()[0])
        if room < 4096:
            break
        area = min(room, heap)
        fits = next(index for index, size in enumerate(regions) if size >= area)  # malloc()'s first region
        regions[fits] -= area
        heap += area
    assert RESERVE <= sum(regions) < RESERVE + 4096
    assert max(regions) >= BLOCK
    assert heap == 56 * 1024 + 230_000 - sum(regions)


def test_the_numbers_in_the_sum_are_those_of_the_settings_and_the_configuration() -> None:
    header = (c.FIRMWARE / "native" / "heap_room.h").read_text()
    numbers = dict(re.findall(r"^#define (HEAP_\w+) \((\d+)\)", header, re.MULTILINE))
    camera = (c.TOP / "boards" / "common" / "sdkconfig.camera").read_text()
    base = (c.micropython() / "ports" / "esp32" / "boards" / "sdkconfig.base").read_text()
    limits = {row[0]: row[3] for row in LIMITS}
    assert f"CONFIG_LWIP_TCP_SND_BUF_DEFAULT={numbers['HEAP_SEND_BUFFER']}\n" in camera
    assert f"CONFIG_LWIP_MAX_ACTIVE_TCP={numbers['HEAP_CONNECTIONS']}\n" in base
    assert limits["stream_viewers"] == int(numbers["HEAP_STREAMS"])
    assert max(board.data["server_stack_bytes"] for board in boards.every()) + 1024 == BLOCK
    assert f"{RESERVE:,} bytes" in header
    assert f"{RESERVE:,} bytes" in (c.TOP / "docs" / "api.md").read_text()
