"""The camera with words of 32 bits in the heap that an ESP32 without PSRAM leaves it: 111 KB."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

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
