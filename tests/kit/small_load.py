"""Clients as a small board may have them: four who watch, and two pages that poll."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import httpx

from tests.kit.camera import Camera

VIEWERS = 4
POLLERS = 2
_PAUSE_S = 0.1
_LATE_S = 10


class Load(NamedTuple):
    """frames: how many pictures each viewer got. answers: how many those who poll got of each status, 0 for
    none."""

    frames: list[int]
    answers: Counter[int]


def load(camera: Camera, frames: int, seconds: float = 60) -> Load:
    """Have each viewer read `frames` pictures, or as many as come in `seconds` or until its stream ends, and
    the others poll meanwhile."""
    last = time.monotonic() + seconds
    with ThreadPoolExecutor(VIEWERS + POLLERS) as pool:
        views = [pool.submit(_view, camera.url, frames, last) for _ in range(VIEWERS)]
        end = threading.Event()
        polls = [pool.submit(_poll, camera.url, end) for _ in range(POLLERS)]
        try:
            found = [view.result() for view in views]
        finally:
            end.set()
        return Load(found, sum((poll.result() for poll in polls), Counter()))


def _view(url: str, frames: int, last: float) -> int:
    count = 0
    try:
        with httpx.stream("GET", url + "/api/stream", timeout=_LATE_S) as answer:
            for chunk in answer.raise_for_status().iter_raw():
                count += chunk.count(b"--frame\r\n")
                if count >= frames or time.monotonic() > last:
                    break
    except httpx.HTTPError:
        pass
    return min(count, frames)


def _poll(url: str, end: threading.Event) -> Counter[int]:
    found: Counter[int] = Counter()
    with httpx.Client(timeout=_LATE_S) as client:
        while not end.wait(_PAUSE_S):
            try:
                found[client.get(url + "/api/status").status_code] += 1
            except httpx.HTTPError:
                found[0] += 1
    return found
