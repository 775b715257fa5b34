"""The camera with words of 32 bits in the heap that an ESP32 without PSRAM leaves it: 111 KB."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from cors import Policy
from tests.kit.camera import PROGRAM32, Camera
from tests.kit.pages import wait_until

HEAP = "113664"
#: A picture that does not lie in Python's heap on a board.
PICTURE = 10240


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
    assert largest > 0.7 * (int(HEAP) * 0.976 - used), used
    assert largest >= 30_000


def test_it_serves_without_a_fault(small: Camera) -> None:
    for path in ("/", "/api/status", "/api/camera", "/api/status"):
        assert httpx.get(small.url + path, timeout=5).status_code == 200
    status = httpx.get(small.url + "/api/status", timeout=5).json()
    assert status["faults"] == []
    assert status["clients"]["faults"] == 0
    assert 100_000 < status["heap"]["used"] + status["heap"]["free"] <= int(HEAP)


def test_a_policy_of_8_kb(program32: Path, tmp_path: Path) -> None:
    """It is put in force, and what a page asks for is answered.
    The list of who may frame an answer is for documents only, and may find no room."""
    origins = [f"https://camera-{i:03}.long-department-name.example-company.org" for i in range(120)]
    text = json.dumps({"version": 1, "allowed_origins": origins})
    assert 7500 < len(text) <= 8192
    with Camera(tmp_path / "flash.bin", program=program32, heap=HEAP) as camera:
        camera.wait_ready().put("policy.json", text)
        headers = {"Origin": origins[-1]}

        def answer() -> httpx.Response:
            return httpx.get(camera.url + "/api/status", headers=headers, timeout=5)

        wait_until(lambda: "Access-Control-Allow-Origin" in answer().headers, every=0.5)
        policy = answer().json()["policy"]
        assert (policy["state"], policy["digest"]) == ("active", Policy.from_json(text).digest)
        assert camera.drain()[-1] == f"ready {camera.url}"


#: Has the camera give one picture, as a sensor would, and give it at once.
FIXED = """
from camcors.start import state
class Fixed:
    jpeg = memoryview(bytearray(PICTURE))
    def poll(self): return None
    def capture(self): return self.jpeg
    def release(self): pass
state.frames._camera = Fixed()
"""
FRAMES = 40


def test_four_streams_and_two_who_poll(program32: Path, tmp_path: Path) -> None:
    """Pictures of 10 KB, beside the picture itself: nothing fails."""
    heap = str(int(HEAP) + PICTURE)
    with Camera(tmp_path / "flash.bin", program=program32, heap=heap) as camera:
        camera.wait_ready().exec(FIXED.replace("PICTURE", str(PICTURE)))

        def view(_: int) -> int:
            """Frames that came, up to FRAMES."""
            with httpx.stream("GET", camera.url + "/api/stream", timeout=10) as answer:
                count = 0
                for chunk in answer.raise_for_status().iter_raw():
                    count += chunk.count(b"--frame\r\n")
                    if count >= FRAMES:
                        break
                return count

        with ThreadPoolExecutor(6) as pool:
            views = [pool.submit(view, i) for i in range(4)]

            def poll() -> list[int]:
                with httpx.Client(timeout=10) as client:
                    found = []
                    while not all(each.done() for each in views):
                        found.append(client.get(camera.url + "/api/status").status_code)
                    return found

            polls = [pool.submit(poll) for _ in range(2)]
            assert all(each.result() >= FRAMES for each in views)
            assert {status for each in polls for status in each.result()} == {200}
        status = httpx.get(camera.url + "/api/status", timeout=5).json()
        assert (status["frames"]["failed"], status["clients"]["faults"]) == (0, 0)
