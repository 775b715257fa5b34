"""What one request costs each server, from the raw measurements."""

from __future__ import annotations

import statistics
from typing import Any

from tests.bench.report import Figure, Goal, number, table

# The goals of one run on HOST, some by whether the connection is kept.
RATE_GOALS = {"new": Goal(2.5, False, True), "kept": Goal(5, False, True)}
CPU_GOALS = {"new": Goal(0.125, True, True), "kept": Goal(0.077, True, True)}
INSTRUCTIONS_GOALS = {"new": Goal(0.3, True, True), "kept": Goal(0.2, True, True)}
CALLS_GOAL = Goal(3, True, False)
HEAP_GOALS = {"new": Goal(7500, True, False), "kept": Goal(5000, True, False)}
LOCK_GOAL = Goal(1.1, True, True)
LOCK_HEAP_GOAL = Goal(400, True, False)

MODES = {"new": "new connection", "kept": "keep-alive"}
#: Who is compared with stock for the same request, in words.
OTHERS = {
    "stock": "stock Microdot",
    "ours": "this firmware",
    "phew": "phew 0.0.3, without CORS",
    "picoweb": "picoweb 1.8.2, without CORS",
    "raw": "one receive and one send, in the same MicroPython",
    "floor": "the same in C",
}


def against_stock(raw: dict[str, Any]) -> list[Figure]:
    """The figures of one request to one server."""
    figures = []
    for mode, words in MODES.items():
        ours, stock = (statistics.median(rates(raw, mode, kind)) for kind in ("ours", "stock"))
        figures.append(Figure(f"requests per second, {words}", "1/s", ours, stock, RATE_GOALS[mode]))
    for mode, words in MODES.items():
        ours, stock = (cpu_us(raw, mode, kind) for kind in ("ours", "stock"))
        figures.append(Figure(f"processor's time, {words}", "µs", ours, stock, CPU_GOALS[mode]))
    for mode, words in MODES.items():
        calls = {kind: sum(found.values()) for kind, found in raw["system_calls"][mode].items()}
        name = f"receive and send calls, {words}"
        figures.append(Figure(name, "calls", calls["ours"], calls["stock"], CALLS_GOAL))
    for mode, words in MODES.items():
        found = raw["heap"][mode]
        name = f"heap allocated, {words}"
        figures.append(Figure(name, "bytes", found["ours"], found["stock"], HEAP_GOALS[mode]))
    for mode, words in MODES.items():
        found = raw["instructions"][mode]
        ours, stock = found["ours"] / 1e6, found["stock"] / 1e6
        figures.append(Figure(f"instructions, {words}", "10⁶", ours, stock, INSTRUCTIONS_GOALS[mode]))
    return figures


def rates(raw: dict[str, Any], mode: str, kind: str) -> list[float]:
    """Requests per second of each round."""
    return [each.requests_per_second for each in raw["rounds"][mode][kind]]


def cpu_us(raw: dict[str, Any], mode: str, kind: str) -> float:
    """Microseconds of the processor for a request, the median of the rounds."""
    return statistics.median(each.cpu_us for each in raw["rounds"][mode][kind])


def ratios(raw: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    """What one request costs each of OTHERS against stock, by the words of the server and of the cost; None
    where the server keeps no connection."""
    costs = {"instructions": instructions_of, "processor's time": cpu_us, "heap": heap_of}
    return {
        words: {
            f"{name}, {mode}": cost(raw, mode, kind) / cost(raw, mode, "stock")
            if kind in raw["rounds"][mode]
            else None
            for name, cost in costs.items()
            for mode in MODES
        }
        for kind, words in OTHERS.items()
    }


def beside_others(found: dict[str, dict[str, float | None]]) -> str:
    """A table of ratios()."""
    rows = [[words, *map(number, columns.values())] for words, columns in found.items()]
    return table(["server", *found[OTHERS["stock"]]], rows)


def instructions_of(raw: dict[str, Any], mode: str, kind: str) -> float:
    found: float = raw["instructions"][mode][kind]
    return found


def heap_of(raw: dict[str, Any], mode: str, kind: str) -> float:
    found: float = raw["heap"][mode][kind]
    return found


def locks(raw: dict[str, Any]) -> list[Figure]:
    """What a token costs: its header, which any server reads, and the lock."""
    figures = []
    for mode, words in MODES.items():
        plain, shown, locked = (
            raw[kind]["instructions"][mode] / 1e6 for kind in ("guarded", "shown", "locked")
        )
        figures.append(Figure(f"instructions, the header, {words}", "10⁶", shown, plain))
        figures.append(Figure(f"instructions, the lock, {words}", "10⁶", locked, shown, LOCK_GOAL))
    for mode, words in MODES.items():
        plain, shown, locked = (raw[kind]["heap"][mode] for kind in ("guarded", "shown", "locked"))
        figures.append(Figure(f"heap that the header takes, {words}", "bytes", shown - plain))
        figures.append(
            Figure(f"heap that the lock takes, {words}", "bytes", locked - shown, goal=LOCK_HEAP_GOAL)
        )
    return figures
