"""Figures of the whole camera: its start, its heap, its streams, and how fast it answers meanwhile."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.beside import beside
from tests.bench.serving import Client
from tests.kit.camera import Camera
from tests.kit.slow_viewer import picture_ages

STARTS = 5
STREAM_SECONDS = 5
ROUNDS = 5
REQUESTS = 400  # a round; four are above the 99th percentile
SLOW_RATE = 300_000  # bytes a second
SLOW_SECONDS = 10
PAUSE_SECONDS = 0.005  # a page polls, it does not flood
VIEWERS_MOST = 4
#: The camera's `stream_fps`: as it comes, and the most it may be, which shows what the camera can do.
LIMITS_FPS = (25, 60)
VIEWERS = Path(__file__).with_name("viewers.py")


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile: the least value that at least `percent` % of all do not exceed."""
    return sorted(values)[max(math.ceil(len(values) * percent / 100), 1) - 1]


def boot_ms(flash: Path) -> list[float]:
    """Milliseconds from the start of the process to the first 200 of /api/status, of each start."""
    times = []
    for _ in range(STARTS):
        began = time.monotonic()
        with Camera(flash) as camera:
            first_answer(Client(camera.port, False))
            times.append((time.monotonic() - began) * 1000)
            camera.stop()
    return times


def first_answer(client: Client) -> None:
    """Ask until the camera listens, for 30 s at most."""
    end = time.monotonic() + 30
    while True:
        try:
            client.get()
            return
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.001)


def heap_after_boot(camera: Camera) -> int:
    """Heap bytes in use by the camera that serves and was asked nothing yet."""
    return int(camera.exec("import gc; gc.collect(); print(gc.mem_alloc())"))


def streams(port: int, viewers: int) -> contextlib.AbstractContextManager[list[float]]:
    """Streams run inside; afterwards the list holds the pictures a second of each viewer."""
    return beside(VIEWERS, port, viewers)


def frame_rates(port: int, viewers: int) -> list[float]:
    """Pictures a second that each of `viewers` gets, which all want 60."""
    with streams(port, viewers) as rates:
        time.sleep(STREAM_SECONDS)
    return rates


def latencies_ms(port: int) -> list[float]:
    """Milliseconds of each GET /api/status of a page that asks again and again."""
    client = Client(port, True)
    times = []
    with contextlib.closing(client):
        for _ in range(REQUESTS):
            began = time.perf_counter()
            client.get()
            times.append((time.perf_counter() - began) * 1000)
            time.sleep(PAUSE_SECONDS)
    return times


def latency(port: int) -> dict[str, float]:
    times = latencies_ms(port)
    return {"p50": percentile(times, 50), "p99": percentile(times, 99)}


def streaming(camera: Camera, fps: int) -> dict[str, Any]:
    """Pictures a second, and the latencies of each round, with `stream_fps` at `fps`."""
    camera.put("camera.json", json.dumps({"limits": {"stream_fps": fps}}))
    camera.reset()
    camera.wait_ready()
    idle, busy = [], []
    for _ in range(ROUNDS):  # in turn, so that both see the same machine
        idle.append(latency(camera.port))
        with streams(camera.port, VIEWERS_MOST):
            busy.append(latency(camera.port))
    rates = {str(viewers): frame_rates(camera.port, viewers) for viewers in (1, VIEWERS_MOST)}
    return {"idle_ms": idle, "streaming_ms": busy, "frame_rates": rates}


def measure(folder: Path) -> dict[str, Any]:
    """All figures of the camera."""
    flash = folder / "flash.bin"
    with Camera(flash) as camera:  # makes the flash, as only the very first start does
        camera.wait_ready()
        heap = heap_after_boot(camera)
        ages = picture_ages(camera.port, SLOW_RATE, SLOW_SECONDS)
        by_limit = {str(fps): streaming(camera, fps) for fps in LIMITS_FPS}
        camera.stop()
    return {
        "boot_ms": boot_ms(flash),
        "heap_after_boot": heap,
        "slow_viewer_ages": ages,
        "streams_at_limit": by_limit,
    }
