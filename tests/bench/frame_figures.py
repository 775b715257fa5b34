"""What a picture of a stream costs for each viewer, and how old it is when the viewer has it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.camera_figures import percentile
from tests.bench.instruments import parse_callgrind, under_callgrind
from tests.bench.peers import compiled
from tests.bench.report import Figure, Goal
from tests.kit.camera import PROGRAM, free_port

VIEWERS = (1, 4)
BYTES = 30_000
FPS = 25
#: What this firmware gives a socket at a time, which the loop in C does as well.
SLICE = 32_768
#: Pictures of a run; instructions come from the difference of two, without the server's start.
COUNTED = (50, 150)
TIMED = 200
ROUNDS = 5
AGES = 150
_HERE = Path(__file__).parent

INSTRUCTIONS_GOALS = {1: Goal(200, True, False), 4: Goal(130, True, False)}
CPU_GOAL = Goal(2, True, True)
AGE_GOAL = Goal(50, True, False)


@dataclass(frozen=True)
class Run:
    """One server's streams. cpu_s: what it spent on them. frames: pictures that each viewer got. ages_ms: of
    those of the viewers that are not slow."""

    cpu_s: float
    frames: list[int]
    ages_ms: list[float]


def run(server: Sequence[str | Path], pictures: int, fast: int, slow: int = 0, *more: object) -> Run:
    """`server` with its viewers, until it has sent so many pictures."""
    port = free_port()
    command = [*server, str(port), str(fast + slow), str(pictures), str(BYTES), str(FPS), *map(str, more)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        if process.stdout.readline() != "ready\n":
            raise SystemExit(f"camcors: the server of pictures did not start: {' '.join(map(str, command))}")
        viewers = [sys.executable, str(_HERE / "frame_viewers.py"), str(port), str(fast), str(slow)]
        found = json.loads(subprocess.run(viewers, stdout=subprocess.PIPE, check=True).stdout)
        return Run(float(process.communicate(timeout=60)[0]), found["frames"], found["ages_ms"])
    finally:
        process.kill()
        process.wait()


def app(instrument: Sequence[str] = ()) -> list[str | Path]:
    """This firmware's streams, under the command line `instrument`."""
    return [*instrument, PROGRAM, _HERE / "frame_app.py"]


def instructions(viewers: int, folder: Path) -> float:
    """Instructions of the processor for one picture and viewer."""
    out = folder / "callgrind"
    command = under_callgrind(out)
    totals, frames = [], []
    for pictures in COUNTED:
        frames.append(sum(run(app(command), pictures, viewers).frames))
        totals.append(parse_callgrind(out.read_text()))
    return (totals[1] - totals[0]) / (frames[1] - frames[0])


def cpu_us(viewers: int, floor: Path) -> dict[str, list[float]]:
    """Microseconds of the processor for one picture and viewer, in each round: of ours, of the loop in C."""
    found: dict[str, list[float]] = {"ours": [], "floor": []}
    for _ in range(ROUNDS):  # in turn, so that both see the same machine
        runs = {"ours": run(app(), TIMED, viewers), "floor": run([floor], TIMED, viewers, 0, SLICE)}
        for kind, one in runs.items():
            found[kind].append(one.cpu_s / sum(one.frames) * 1e6)
    return found


def ages() -> dict[str, list[dict[str, float]]]:
    """Of the pictures of three viewers in each round: alone, and beside a slow one."""
    found: dict[str, list[dict[str, float]]] = {"alone": [], "beside a slow one": []}
    for _ in range(ROUNDS):
        for slow, rounds in enumerate(found.values()):
            one = run(app(), AGES, max(VIEWERS) - 1, slow).ages_ms
            rounds.append({"p50": percentile(one, 50), "p99": percentile(one, 99)})
    return found


def measure(folder: Path) -> dict[str, Any]:
    """All figures of streams."""
    floor = compiled("frame_floor.c")
    return {
        "instructions": {str(viewers): instructions(viewers, folder) for viewers in VIEWERS},
        "cpu_us": {str(viewers): cpu_us(viewers, floor) for viewers in VIEWERS},
        "ages_ms": ages(),
    }


def per_picture(raw: dict[str, Any]) -> list[Figure]:
    """What a picture and viewer costs, compared with the loop in C where that can be."""
    figures = []
    for viewers, goal in INSTRUCTIONS_GOALS.items():
        count = raw["frames"]["instructions"][str(viewers)] / 1000
        figures.append(Figure(f"instructions, {viewers} watching", "10³", count, goal=goal))
    for viewers in VIEWERS:
        found = raw["frames"]["cpu_us"][str(viewers)]
        ours, floor = (statistics.median(found[kind]) for kind in ("ours", "floor"))
        figures.append(Figure(f"processor's time, {viewers} watching", "µs", ours, floor, CPU_GOAL))
    return figures


def delays(raw: dict[str, Any]) -> list[Figure]:
    """From the capture to the last byte at each of three viewers: alone, and beside a slow one.

    The least of the rounds: other processes only ever add.
    """
    found = raw["frames"]["ages_ms"]
    figures = []
    for name, goal in (("p50", None), ("p99", AGE_GOAL)):
        alone, beside = (min(each[name] for each in found[kind]) for kind in ("alone", "beside a slow one"))
        figures.append(Figure(f"{name} from capture to the last byte", "ms", beside, alone, goal))
    return figures


def note() -> str:
    return (
        f"Pictures of {BYTES:,} bytes at most, {FPS} a second, which cost nothing to take; per picture and\n"
        "viewer. C: the least that such a server does, in the same slices. Medians of "
        f"{ROUNDS} rounds in turn."
    )
