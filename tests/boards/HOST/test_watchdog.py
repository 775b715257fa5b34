"""The watchdog: what resets the camera, what does not, and what it says after the start."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.kit.camera import Camera

TIMEOUT_MS = 3000  # shorter than a board's, longer than a busy machine holds up a thread
RESET = "camcors: the watchdog resets the camera"

LOOPS = {
    "a loop": "def hang(request):\n    while True:\n        pass",
    "a loop of a coroutine": "async def hang(request):\n    while True:\n        pass",
    "a sleep": "import time\nasync def hang(request):\n    time.sleep(1000)",
    "a lock": "import _thread\nl = _thread.allocate_lock()\nl.acquire()\ndef hang(r):\n    l.acquire()",
}
FILL = """
import gc, time
def fill():
    kept = None
    for size in {sizes}:
        try:
            while True:
                kept = [kept, bytearray(size)]
        except MemoryError:
            pass
    while True:
        try:
            while {grabs}:
                kept = [kept, None]
        except MemoryError:
            pass
        try:
            time.sleep_ms(10)
        except MemoryError:
            pass
fill()
"""


@pytest.fixture
def watched(program: Path, tmp_path: Path) -> Iterator[Camera]:
    """A camera with a new flash, whose watchdog is in a hurry."""
    with Camera(tmp_path / "flash.bin", watchdog_ms=TIMEOUT_MS) as camera:
        yield camera.wait_ready()


def restart(camera: Camera) -> dict[str, str | None]:
    found: dict[str, str | None] = camera.status()["restart"]
    return found


def said(cause: str, reason: str | None = None) -> dict[str, str | None]:
    return {"cause": cause, "reason": reason}


def test_each_start_says_why(watched: Camera) -> None:
    assert restart(watched) == said("power-on")
    watched.reset()
    watched.wait_ready()
    assert restart(watched) == said("reset")
    assert watched.mpremote("soft-reset").returncode == 0
    watched.wait_ready()
    assert restart(watched) == said("soft-reset")
    watched.process.kill()
    watched.process.wait(10)
    with Camera(watched.flash) as again:
        assert restart(again.wait_ready()) == said("power-on")


@pytest.mark.parametrize("loop", LOOPS)
def test_a_handler_that_never_returns(watched: Camera, loop: str) -> None:
    route = f"from camcors import app\n{LOOPS[loop]}\napp.get('/hang')(hang)\n"
    watched.put("main.py", route)
    watched.reset()
    watched.wait_ready()
    with contextlib.suppress(httpx.HTTPError):
        httpx.get(watched.url + "/hang", timeout=0.5)
    watched.wait_for(RESET)
    watched.wait_ready()
    assert restart(watched) == said("watchdog", "the server stood still")
    time.sleep(2 * TIMEOUT_MS / 1000)
    assert watched.status()["uptime_s"] >= 2 * TIMEOUT_MS // 1000
    watched.reset()
    watched.wait_ready()
    assert restart(watched) == said("reset")


@pytest.mark.parametrize("grabs", [False, True])
def test_a_heap_that_stays_full(watched: Camera, grabs: bool) -> None:
    """Without a block of any use, or to the last byte."""
    sizes = (65536, 4096, 512, 64, 16) if grabs else (65536, 2048)
    with contextlib.suppress(subprocess.TimeoutExpired):
        watched.mpremote("resume", "exec", FILL.format(grabs=grabs, sizes=sizes), seconds=10)
    watched.wait_for(RESET)
    watched.wait_ready()
    found = restart(watched)
    # Where each freed byte is taken at once there may be none to write the reason with.
    full, still = said("watchdog", "the heap was full"), said("watchdog", "the server stood still")
    assert found == full or (grabs and found == still)
    assert watched.exec("import os; print('restart.json' in os.listdir())") == "False\n"


HOLDS = {
    "a program": "import time\ntime.sleep({})",
    "a busy program": "import time\nend = time.time() + {}\nwhile time.time() < end: pass",
}


@pytest.mark.parametrize("program", HOLDS)
def test_whoever_holds_the_repl_is_left_alone(watched: Camera, program: str) -> None:
    watched.exec(HOLDS[program].format(3 * TIMEOUT_MS / 1000))
    assert watched.status()["uptime_s"] >= 3 * TIMEOUT_MS // 1000
    assert restart(watched) == said("power-on")


# What keeps the camera from serving after the soft reset, and what it says then.
IDLE = {
    "disabled": ("open('/disable', 'w').close()", "camcors: not started, since the file /disable exists"),
    "not started": (
        "f = open('/board_drivers.py', 'w'); f.write('1 / 0'); f.close()",
        "camcors: not started: ZeroDivisionError",
    ),
    "never served": (
        "f = open('/board_drivers.py', 'w'); f.write(NETWORK); f.close()",
        "camcors: the server ended: ZeroDivisionError",
    ),
}
NETWORK = """
NETWORK = '''
from camcors_testcard.camera import Camera
class Network:
    name, address, state = "x", None, "off"
    def __init__(self, *_): pass
    def attach(self, app): pass
    def report(self): return {'state': 'off'}
    async def start(self): 1 / 0
'''
"""


@pytest.mark.parametrize("why", IDLE)
def test_a_camera_that_does_not_serve_after_a_soft_reset_is_left_alone(watched: Camera, why: str) -> None:
    """The watchdog outlives a soft reset, and no server feeds it."""
    act, words = IDLE[why]
    watched.exec(NETWORK + act)
    watched.mpremote("soft-reset")
    watched.wait_for(words)
    watched.exec("mark = 1")
    time.sleep(3 * TIMEOUT_MS / 1000)
    assert watched.exec("print(mark)") == "1\n"
    assert not [line for line in watched.drain() if RESET in line]
