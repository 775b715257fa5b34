"""The Python heap grows, and leaves the system its reserve: firmware/camcors_host/heap.c by heap_room.h."""

from __future__ import annotations

import ast
import contextlib
import subprocess
import threading
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.kit.camera import Camera, streaming

RESERVE = 89_344  # HEAP_RESERVE of heap_room.h, and of docs/api.md

#: Allocates to MemoryError in pieces of SIZE, and says what is then left to the system.
FILL = """
import system_heap

def fill(size):
    kept = []
    try:
        while True:
            kept.append(bytearray(size))
    except MemoryError:
        return system_heap.free()

print(fill(SIZE))
"""


def run(program: Path, path: Path, script: str) -> str:
    path.write_text(script)
    done = subprocess.run([program, path], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("size", [512, 16384, 200_000])
def test_a_full_heap_leaves_the_reserve(program: Path, tmp_path: Path, size: int) -> None:
    """What is left beside it has no room for one more piece, to which gc_try_add_heap() adds 2 KB, or 3 %."""
    left = int(run(program, tmp_path / "fill.py", FILL.replace("SIZE", str(size))))
    assert RESERVE <= left < RESERVE + size + max(2048, size * 13 // 512) + 64


GROW = """
import gc, system_heap

def figures():
    gc.collect()
    return gc.mem_alloc() + gc.mem_free(), system_heap.free()

before = figures()
kept = [bytearray(100000) for _ in range(20)]
grown = figures()
kept = None
print(before + grown + figures())
"""


def test_the_heap_grows_and_gives_back(program: Path, tmp_path: Path) -> None:
    """An area in which nothing is left goes back, as on the ESP32 (gc_sweep_free_blocks of py/gc.c)."""
    said = run(program, tmp_path / "grow.py", GROW)
    all_before, before, all_grown, grown, all_after, after = ast.literal_eval(said)
    assert before > RESERVE + 4_000_000
    assert grown < before - 2_000_000
    assert after > grown + 500_000
    # The free bytes count what the heap may still grow by; the tables of its areas cost 3 %.
    assert max(all_before, all_grown, all_after) - min(all_before, all_grown, all_after) < 150_000


SIZES = """
import gc, system_heap
before = gc.mem_alloc() + gc.mem_free(), system_heap.free()
try:
    kept = bytearray(1000000)
    has_grown = True
except MemoryError:
    has_grown = False
print(before + (has_grown,))
"""


@pytest.mark.parametrize(
    ("heap", "left", "has_grown"),
    [
        ("200000", RESERVE, False),
        ("200000:300000", RESERVE + 100_000, False),
        ("200000:2000000", RESERVE + 1_800_000, True),
    ],
)
def test_the_heap_that_the_environment_asks_for(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heap: str, left: int, has_grown: bool
) -> None:
    """One size is fixed. Of two, the heap may still take what is between them; its tables need 3 %."""
    monkeypatch.setenv("CAMCORS_HOST_HEAP", heap)
    size, *said = ast.literal_eval(run(program, tmp_path / "sizes.py", SIZES))
    assert said == [left, has_grown]
    most = int(heap.rpartition(":")[2])
    assert most * 0.96 < size <= most


@pytest.mark.parametrize(
    "heap", ["", "x", "-200000", " 200000", "200000:", ":200000", "200000:2", "2000", "2e5"]
)
def test_sizes_that_cannot_be_read(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heap: str
) -> None:
    monkeypatch.setenv("CAMCORS_HOST_HEAP", heap)
    done = subprocess.run([program, tmp_path / "no.py"], capture_output=True, text=True, timeout=20)
    said = f"camcors-host: CAMCORS_HOST_HEAP={heap}: write BYTES, or FIRST:MOST, from 16384 on\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


def test_a_repl_that_takes_all_memory_while_three_watch(new_camera: Camera) -> None:
    """No stream ends or pauses for 3 s, each request is answered, and the reserve is never touched."""
    answers: Counter[int] = Counter()
    end = threading.Event()

    def ask() -> None:
        while not end.wait(0.05):
            answers[httpx.get(new_camera.url + "/api/status", timeout=5).status_code] += 1

    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(streaming(new_camera)) for _ in range(3)]
        asking = threading.Thread(target=ask)
        asking.start()
        try:
            for size in (65536, 4096, 512):
                before = answers.total()
                while answers.total() == before and asking.is_alive():  # a small heap is full at once
                    assert int(new_camera.exec(FILL.replace("SIZE", str(size)))) >= RESERVE
        finally:
            end.set()
            asking.join(20)
        assert new_camera.status()["heap"]["system_free"] >= RESERVE
    assert all(frames for frames in streams)
    assert answers and set(answers) <= {200, 503}  # 503: no memory for this one
    assert new_camera.status()["restart"] == {"cause": "power-on", "reason": None}
