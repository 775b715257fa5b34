"""What a board without PSRAM has room for: the program of 32 bits in heaps as an ESP32 leaves them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from mpremote.transport import TransportError

from tests.bench import report
from tests.bench.report import Figure, Goal
from tests.bench.serving import Client
from tests.kit.camera import PROGRAM32, Camera
from tests.kit.small_board import HEAP, PICTURE, give_blank, policy_of_8_kb, room
from tests.kit.small_load import POLLERS, VIEWERS, load

HEAPS = (HEAP, 96 * 1024)
IDLE = 6
FPS, SECONDS = 25, 60
NO_BUILD = "no 32-bit build: gcc has no libraries for it, or make host32 was not run"
_POLICY_S = 10
#: Of a camera that has no room to start, to run what it is asked on the REPL, or to answer.
_FAILURES = (AssertionError, OSError, ValueError, httpx.HTTPError, TransportError)
#: (what is measured, unit, goal in the first heap, goal in the other)
_ROWS = (
    ("boots; gives a still; gives a stream", "of 3", Goal(3, False, False), Goal(3, False, False)),
    ("in use after boot", "bytes", None, None),
    ("largest free block after boot", "bytes", Goal(48 * 1024, False, False), None),
    (f"in use with {IDLE} idle kept connections", "bytes", Goal(62 * 1024, True, False), None),
    ("a policy of 8 KB comes into force", "of 1", Goal(1, False, False), None),
    ("in use with it", "bytes", None, None),
    (
        f"{VIEWERS} streams and {POLLERS} who poll for {SECONDS} s: pictures that failed",
        "",
        Goal(0, True, False),
        None,
    ),
    (f"pictures that they got, of {VIEWERS * FPS * SECONDS:,}", "", None, None),
    ("answers to those who poll", "", None, None),
    ("of these, not 200", "", Goal(0, True, False), None),
)


def measure(folder: Path) -> dict[str, list[float | None]] | None:
    """The values of _ROWS in each heap, by its bytes; None where there is no program of 32 bits."""
    if not PROGRAM32.is_file():
        return None
    steps = (_serves, _at_rest, _with_policy, _busy)
    return {str(heap): [value for step in steps for value in step(folder, heap)] for heap in HEAPS}


def figures(raw: dict[str, Any]) -> list[Figure]:
    """What was measured, with the goals; a value that there is none of is left out."""
    found = []
    for i, (heap, values) in enumerate((raw["small_board"] or {}).items()):
        for (name, unit, *goals), value in zip(_ROWS, values, strict=True):
            if value is not None:
                found.append(Figure(f"{name}, in {int(heap) // 1024} KB", unit, value, goal=goals[i]))
    return found


def shown(raw: dict[str, Any]) -> str:
    """The table, and how it was measured; one line where there is nothing to measure."""
    if not raw["small_board"]:
        return NO_BUILD
    return (
        report.single(figures(raw)) + "\n\n"
        f"One run. Pictures of {PICTURE:,} bytes come at once, as a sensor's do, {FPS} a second at most, in\n"
        "a heap larger by one picture. In use: the least of ten looks after a collection."
    )


@contextlib.contextmanager
def _camera(folder: Path, heap: int, name: str) -> Iterator[Camera]:
    with Camera(folder / f"{heap}-{name}.bin", program=PROGRAM32, heap=heap) as camera:
        yield camera.wait_ready()


def _serves(folder: Path, heap: int) -> list[float | None]:
    """How many of the first three things it does."""
    done = 0
    with contextlib.suppress(*_FAILURES), _camera(folder, heap + PICTURE, "serves") as camera:
        done += 1
        give_blank(camera)
        done += httpx.get(camera.url + "/api/capture", timeout=20).status_code == 200
        with httpx.stream("GET", camera.url + "/api/stream", timeout=20) as answer:
            done += any(b"--frame" in chunk for chunk in answer.raise_for_status().iter_raw())
    return [done]


def _at_rest(folder: Path, heap: int) -> list[float | None]:
    found: list[float | None] = [None] * 3
    with contextlib.suppress(*_FAILURES), _camera(folder, heap, "rest") as camera:
        found[:2] = room(camera)
        with contextlib.ExitStack() as stack:
            for _ in range(IDLE):
                stack.enter_context(contextlib.closing(Client(camera.port, True))).get()
            found[2] = room(camera)[0]
    return found


def _with_policy(folder: Path, heap: int) -> list[float | None]:
    with contextlib.suppress(*_FAILURES), _camera(folder, heap, "policy") as camera:
        camera.put("policy.json", policy_of_8_kb())
        end = time.monotonic() + _POLICY_S
        while time.monotonic() < end:
            time.sleep(1)
            if camera.exec("from camcors import cors\nprint(len(cors.policy.allowed_origins))") == "120\n":
                return [1, room(camera)[0]]
    return [0, None]


def _busy(folder: Path, heap: int) -> list[float | None]:
    found: list[float | None] = [None] * 4
    with contextlib.suppress(*_FAILURES), _camera(folder, heap + PICTURE, "busy") as camera:
        give_blank(camera)
        frames, answers = load(camera, FPS * SECONDS, SECONDS)
        found[1:] = [sum(frames), answers.total(), answers.total() - answers[200]]
        found[0] = int(camera.exec("from camcors.start import state\nprint(state.frames.failures)"))
    return found
