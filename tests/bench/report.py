"""From raw measurements to figures, their goals, and tables to read."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.camera_heap import HEAP_SLACK
from tests.bench.tls_soak import SLACK


@dataclass(frozen=True)
class Goal:
    """At most, or at least, `limit`: of the figure, or of its ratio to what it is compared with."""

    limit: float
    is_most: bool
    is_ratio: bool

    def is_reached(self, figure: Figure) -> bool:
        found = figure.ratio if self.is_ratio else figure.value
        assert found is not None
        return found <= self.limit if self.is_most else found >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.is_most else '≥'} {self.limit:g}{' ×' if self.is_ratio else ''}"


@dataclass(frozen=True)
class Figure:
    """One measured value; `base` is what it is compared with: stock's, or the idle camera's."""

    name: str
    unit: str
    value: float
    base: float | None = None
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        """value / base."""
        return self.value / self.base if self.base else None

    @property
    def is_reached(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        return self.goal.is_reached(self) if self.goal else None

    def to_json(self) -> dict[str, Any]:
        return {
            "figure": self.name,
            "unit": self.unit,
            "base": self.base,
            "value": self.value,
            "ratio": self.ratio,
            "goal": str(self.goal) if self.goal else None,
            "reached": self.is_reached,
        }


# The goals of one run on HOST.
P99_GOAL = Goal(3, True, True)
AGE_GOAL = Goal(1, True, False)
READ_GOAL = Goal(1.2, True, True)
HANDSHAKES_P99_GOAL = Goal(2, True, True)
SOAK_HEAP_GOAL = Goal(HEAP_SLACK, True, False)
SOAK_TLS_GOAL = Goal(SLACK, True, False)
FAULTS_GOAL = Goal(0, True, False)


def spread(values: Sequence[float]) -> float:
    """(highest - lowest) / median."""
    return (max(values) - min(values)) / statistics.median(values)


def latencies(raw: dict[str, Any]) -> list[Figure]:
    """GET /api/status while four streams run, against the idle camera.

    The least of the rounds: other processes only ever add, and added to both they would make the
    ratio look better than it is.
    """
    figures = []
    for limit, found in raw["camera"]["streams_at_limit"].items():
        idle, busy = found["idle_ms"], found["streaming_ms"]
        for name, goal in (("p50", None), ("p99", P99_GOAL)):
            title = f"{name} of /api/status, stream_fps {limit}"
            pair = (min(each[name] for each in rounds) for rounds in (busy, idle))
            figures.append(Figure(title, "ms", *pair, goal))
    return figures


def camera(raw: dict[str, Any]) -> list[Figure]:
    """The other figures of the whole camera, compared with nothing."""
    found = raw["camera"]
    figures = [
        Figure(f"frozen bytecode, {part}", "bytes", raw["frozen"][part])
        for part in ("cors", "camcors", "boot", "board")
    ]
    figures.append(Figure("heap in use after boot", "bytes", found["heap_after_boot"]))
    figures.append(Figure("boot to first answer", "ms", statistics.median(found["boot_ms"])))
    oldest = max(found["slow_viewer_ages"])
    figures.append(Figure("oldest picture, read at 300 kB/s", "s", oldest, goal=AGE_GOAL))
    for limit, measured in found["streams_at_limit"].items():
        for count, rates in measured["frame_rates"].items():
            title = f"pictures to each of {count}, stream_fps {limit}"
            figures.append(Figure(title, "1/s", statistics.mean(rates)))
            if len(rates) > 1:
                figures.append(Figure(f"pictures to all {count}, stream_fps {limit}", "1/s", sum(rates)))
    return figures


def https(raw: dict[str, Any]) -> list[Figure]:
    """What a client of https costs, against one of plain http."""
    found = raw["https"]
    times, rates, held = found["handshakes_ms"], found["requests_per_second"], found["bytes_per_connection"]
    plain, secure = (statistics.median(rates[kind]) for kind in ("plain", "https"))
    return [
        Figure("full handshake; a request on a new connection", "ms", times["full"], times["plain"]),
        Figure("resumed handshake; a request on a new connection", "ms", times["resumed"], times["plain"]),
        Figure("requests per second, one client, keep-alive", "1/s", secure, plain),
        Figure("heap of an idle connection", "bytes", held["https"]["heap"], held["plain"]["heap"]),
        Figure("heap of a handshake", "bytes", held["handshake"]["heap"]),
        Figure("other memory of an idle connection", "bytes", held["https"]["tls"]),
        Figure("other memory of a handshake", "bytes", held["handshake"]["tls"]),
    ]


def beside_handshakes(raw: dict[str, Any]) -> list[Figure]:
    """GET /api/status while others do full handshakes, against the idle camera; the least of the rounds."""
    found = raw["https"]["latencies"]
    figures = []
    for count, busy in found["shaking_ms"].items():
        for name, goal in (("p50", None), ("p99", HANDSHAKES_P99_GOAL)):
            title = f"{name} of /api/status, {count} at a time"
            pair = (min(each[name] for each in rounds) for rounds in (busy, found["idle_ms"]))
            figures.append(Figure(title, "ms", *pair, goal))
    return figures


def after_handshakes(raw: dict[str, Any]) -> list[Figure]:
    """What many handshakes leave behind."""
    found = raw["https"]["soak"]
    kept = found["bytes_kept"]
    return [
        Figure("whole handshakes, half of them resumed", "", found["whole"]),
        Figure("broken off, at every byte", "", found["cut"]),
        Figure("whole ones per second, one client", "1/s", found["whole"] / found["seconds_of_whole"]),
        Figure("memory of TLS that they keep", "bytes", kept["tls"], goal=SOAK_TLS_GOAL),
        Figure("heap that they keep", "bytes", kept["heap"], goal=SOAK_HEAP_GOAL),
        Figure("faults", "", found["faults"], goal=FAULTS_GOAL),
        Figure("the next handshake", "ms", found["next_ms"]),
    ]


def commands(raw: dict[str, Any]) -> list[Figure]:
    """The commands that ask a board, against mpremote's listing of it; one that writes has no goal."""
    found = dict(raw["commands"])
    base = found.pop("mpremote ls")
    return [
        Figure(f"camcors {name}", "s", value, base, None if name == "policy push" else READ_GOAL)
        for name, value in found.items()
    ]


def number(value: float | None) -> str:
    """About three digits, and whole numbers whole; "–" for None."""
    if value is None:
        return "–"
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 4}f}"


def yes_no(is_so: bool | None) -> str:
    return "" if is_so is None else "yes" if is_so else "NO"


def compared(figures: Sequence[Figure], base: str, value: str) -> str:
    """A table of figures that are compared; `base` and `value` head their columns."""
    rows = [
        [
            f.name,
            f.unit,
            number(f.base),
            number(f.value),
            number(f.ratio),
            str(f.goal or ""),
            yes_no(f.is_reached),
        ]
        for f in figures
    ]
    return table(["figure", "unit", base, value, f"{value} / {base}", "goal", "reached"], rows)


def single(figures: Sequence[Figure]) -> str:
    """A table of figures that are not compared."""
    rows = [[f.name, f.unit, number(f.value), str(f.goal or ""), yes_no(f.is_reached)] for f in figures]
    return table(["figure", "unit", "value", "goal", "reached"], rows)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table in aligned columns; numbers, and what heads them, stand to the right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows)]
    is_right = [all(cell[:1].isdigit() or cell in ("–", "") for cell in column) for column in zip(*rows)]
    rules = ["-" * (width - 1) + (":" if right else "-") for width, right in zip(widths, is_right)]
    lines = []
    for cells in (heads, rules, *rows):
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, is_right)
        ]
        lines.append(f"| {' | '.join(padded)} |")
    return "\n".join(lines)
