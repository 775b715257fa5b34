"""The camera with words of 32 bits in the heap that an ESP32 without PSRAM leaves it: 111 KB."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.kit.camera import PROGRAM32, Camera

HEAP = "113664"


@pytest.fixture(scope="module")
def program32() -> Path:
    """The camera of 32 bits; skips where gcc has no libraries for it."""
    command = ["gcc", "-m32", "-include", "stdio.h", "-xc", "-E", "/dev/null"]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("gcc has no libraries for 32 bits: sudo apt install gcc-multilib")
    if not PROGRAM32.is_file():
        pytest.fail(f"{PROGRAM32} is not built; run: make host32")
    return PROGRAM32


@pytest.fixture(scope="module")
def small(program32: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    flash = tmp_path_factory.mktemp("small") / "flash.bin"
    with Camera(flash, program=program32, heap=HEAP) as running:
        yield running.wait_ready()


def test_it_is_a_board_of_32_bits(small: Camera) -> None:
    assert small.exec("import sys\nprint(sys.maxsize)") == f"{2**31 - 1}\n"


#: Prints the bytes in use and the largest block that is free.
ROOM = """
import gc
def largest(low, high):
    while high - low > 16:
        size = (low + high) // 2
        try:
            bytearray(size)
            low = size
        except MemoryError:
            high = size
    return low
gc.collect()
print(gc.mem_alloc(), largest(0, 131072))
"""


def room(camera: Camera) -> tuple[int, int]:
    """Bytes in use, and those of the largest free block; the best of some, since a stale word on a stack may
    keep a dead block."""
    found = [tuple(map(int, camera.exec(ROOM).split())) for _ in range(4)]
    return min(used for used, _ in found), max(largest for _, largest in found)


def test_what_is_free_is_in_one_piece(program32: Path, tmp_path: Path) -> None:
    """After the start, a picture has room."""
    with Camera(tmp_path / "flash.bin", program=program32, heap=HEAP) as camera:
        used, largest = room(camera.wait_ready())
    assert largest > 0.8 * (int(HEAP) * 0.976 - used), used
    assert largest >= 24_000


def test_it_serves_without_a_fault(small: Camera) -> None:
    for path in ("/", "/api/status", "/api/camera", "/api/status"):
        assert httpx.get(small.url + path, timeout=5).status_code == 200
    status = httpx.get(small.url + "/api/status", timeout=5).json()
    assert status["faults"] == []
    assert status["clients"]["faults"] == 0
    assert 100_000 < status["heap"]["used"] + status["heap"]["free"] <= int(HEAP)
