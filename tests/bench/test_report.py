"""Figures, goals and tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench import cors_tables, report, request_figures
from tests.bench.report import Figure, Goal
from tests.bench.wrk import Round

RAW: dict[str, Any] = {
    "rounds": {
        "new": {
            "stock": [Round(100.0, 800.0), Round(90.0, 900.0), Round(120.0, 700.0)],
            "ours": [Round(300.0, 90.0), Round(250.0, 100.0), Round(240.0, 110.0)],
            "phew": [Round(90.0, 1000.0)],
            "picoweb": [Round(90.0, 1200.0)],
            "raw": [Round(1000.0, 80.0)],
            "floor": [Round(9000.0, 8.0)],
        },
        "kept": {
            "stock": [Round(100.0, 650.0)],
            "ours": [Round(499.0, 51.0)],
            "raw": [Round(999.0, 65.0)],
            "floor": [Round(9999.0, 6.5)],
        },
    },
    "system_calls": {
        "new": {"stock": {"receive": 600.0, "send": 8.0}, "ours": {"receive": 2.0, "send": 1.0}},
        "kept": {"stock": {"receive": 600.0, "send": 8.0}, "ours": {"receive": 3.0, "send": 1.0}},
    },
    "heap": {
        "new": {
            "stock": 20000.0,
            "ours": 7500.0,
            "phew": 15000.0,
            "picoweb": 10000.0,
            "raw": 100.0,
            "floor": 0.0,
        },
        "kept": {"stock": 20000, "ours": 5001, "raw": 100, "floor": 0},
    },
    "instructions": {
        "new": {"stock": 2e6, "ours": 0.6e6, "phew": 1e6, "picoweb": 3e6, "raw": 2e4, "floor": 2e2},
        "kept": {"stock": 4e6, "ours": 1e6, "raw": 2e4, "floor": 2e2},
    },
    "commands": {"mpremote ls": 0.5, "info": 0.6, "policy show": 0.7, "policy push": 2.0},
    "frozen": {"cors": 4, "camcors": 3, "boot": 2, "board": 1},
    "https": {
        "handshakes_ms": {"plain": 1.0, "full": 4.0, "resumed": 1.5},
        "requests_per_second": {"plain": [100.0, 90.0, 120.0], "https": [80.0, 70.0, 90.0]},
        "bytes_per_connection": {
            "plain": {"heap": 1000.0, "tls": 0.0},
            "https": {"heap": 1500.0, "tls": 23000.0},
            "handshake": {"heap": 500.0, "tls": 24000.0},
        },
        "latencies": {
            "idle_ms": [{"p50": 1.0, "p99": 3.0}, {"p50": 5.0, "p99": 2.0}],
            "shaking_ms": {
                "1": [{"p50": 2.0, "p99": 9.0}, {"p50": 3.0, "p99": 4.0}],
                "2": [{"p50": 2.0, "p99": 4.1}],
            },
        },
        "soak": {
            "whole": 100,
            "cut": 10,
            "seconds_of_whole": 2.0,
            "bytes_kept": {"tls": 1025, "heap": -128},
            "faults": 0,
            "next_ms": 3.0,
        },
    },
    "camera": {
        "boot_ms": [9.0, 7.0, 8.0],
        "heap_after_boot": 1000,
        "slow_viewer_ages": [0.1, 0.4, 0.3],
        "streams_at_limit": {
            "25": {
                "idle_ms": [{"p50": 1.0, "p99": 3.0}, {"p50": 5.0, "p99": 2.0}, {"p50": 5.0, "p99": 90.0}],
                "streaming_ms": [{"p50": 2.0, "p99": 6.0}],
                "frame_rates": {"1": [25.0], "4": [20.0, 20.0, 20.0, 24.0]},
            }
        },
    },
}


@pytest.mark.parametrize(
    ("goal", "value", "base", "reached", "text"),
    [
        (Goal(3, True, False), 3, 715, True, "≤ 3"),
        (Goal(3, True, False), 3.1, 715, False, "≤ 3"),
        (Goal(2.5, False, True), 250, 100, True, "≥ 2.5 ×"),
        (Goal(2.5, False, True), 249, 100, False, "≥ 2.5 ×"),
        (Goal(0.6, True, True), 60, 100, True, "≤ 0.6 ×"),
        (Goal(0.6, True, True), 61, 100, False, "≤ 0.6 ×"),
    ],
)
def test_goal(goal: Goal, value: float, base: float, reached: bool, text: str) -> None:
    assert Figure("f", "bytes", value, base, goal).is_reached is reached
    assert str(goal) == text


def test_a_figure_alone_has_no_ratio_and_no_verdict() -> None:
    assert Figure("heap", "bytes", 5).to_json() == {
        "figure": "heap",
        "unit": "bytes",
        "base": None,
        "value": 5,
        "ratio": None,
        "goal": None,
        "reached": None,
    }


def test_spread() -> None:
    assert report.spread([90.0, 100.0, 120.0]) == 0.3


def test_figures_against_stock() -> None:
    found = [(f.name, f.unit, f.base, f.value, f.is_reached) for f in request_figures.against_stock(RAW)]
    assert found == [
        ("requests per second, new connection", "1/s", 100, 250, True),
        ("requests per second, keep-alive", "1/s", 100, 499, False),
        ("processor's time, new connection", "µs", 800, 100, True),
        ("processor's time, keep-alive", "µs", 650, 51, False),
        ("receive and send calls, new connection", "calls", 608, 3, True),
        ("receive and send calls, keep-alive", "calls", 608, 4, False),
        ("heap allocated, new connection", "bytes", 20000, 7500, True),
        ("heap allocated, keep-alive", "bytes", 20000, 5001, False),
        ("instructions, new connection", "10⁶", 2, 0.6, True),
        ("instructions, keep-alive", "10⁶", 4, 1, False),
    ]


def test_one_request_beside_others() -> None:
    heads, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in request_figures.beside_others(request_figures.ratios(RAW)).splitlines()
    )
    assert heads == [
        "server",
        "instructions, new", "instructions, kept", "processor's time, new", "processor's time, kept",
        "heap, new", "heap, kept",
    ]  # fmt: skip
    assert rows == [
        ["stock Microdot", "1", "1", "1", "1", "1", "1"],
        ["this firmware", "0.30", "0.25", "0.12", "0.0785", "0.38", "0.25"],
        ["phew 0.0.3, without CORS", "0.50", "–", "1.25", "–", "0.75", "–"],
        ["picoweb 1.8.2, without CORS", "1.50", "–", "1.50", "–", "0.50", "–"],
        [
            "one receive and one send, in the same MicroPython",
            "0.0100",
            "0.0050",
            "0.10",
            "0.10",
            "0.0050",
            "0.0050",
        ],
        ["the same in C", "0.0001", "0.0001", "0.0100", "0.0100", "0", "0"],
    ]


def test_latencies() -> None:
    found = [(f.name, f.base, f.value, f.is_reached) for f in report.latencies(RAW)]
    assert found == [
        ("p50 of /api/status, stream_fps 25", 1, 2, None),
        ("p99 of /api/status, stream_fps 25", 2, 6, True),
    ]


def test_https() -> None:
    assert [(f.name, f.unit, f.base, f.value) for f in report.https(RAW)] == [
        ("full handshake; a request on a new connection", "ms", 1, 4),
        ("resumed handshake; a request on a new connection", "ms", 1, 1.5),
        ("requests per second, one client, keep-alive", "1/s", 100, 80),
        ("heap of an idle connection", "bytes", 1000, 1500),
        ("heap of a handshake", "bytes", None, 500),
        ("other memory of an idle connection", "bytes", None, 23000),
        ("other memory of a handshake", "bytes", None, 24000),
    ]


def test_latencies_beside_handshakes() -> None:
    found = [(f.name, f.base, f.value, f.is_reached) for f in report.beside_handshakes(RAW)]
    assert found == [
        ("p50 of /api/status, 1 at a time", 1, 2, None),
        ("p99 of /api/status, 1 at a time", 2, 4, True),
        ("p50 of /api/status, 2 at a time", 1, 2, None),
        ("p99 of /api/status, 2 at a time", 2, 4.1, False),
    ]


def test_what_handshakes_leave() -> None:
    assert [(f.name, f.value, f.is_reached) for f in report.after_handshakes(RAW)] == [
        ("whole handshakes, half of them resumed", 100, None),
        ("broken off, at every byte", 10, None),
        ("whole ones per second, one client", 50, None),
        ("memory of TLS that they keep", 1025, False),
        ("heap that they keep", -128, True),
        ("faults", 0, True),
        ("the next handshake", 3, None),
    ]


def test_commands() -> None:
    assert [(f.name, f.base, f.value, f.is_reached) for f in report.commands(RAW)] == [
        ("camcors info", 0.5, 0.6, True),
        ("camcors policy show", 0.5, 0.7, False),
        ("camcors policy push", 0.5, 2.0, None),
    ]


def test_camera() -> None:
    assert [(f.name, f.unit, f.value) for f in report.camera(RAW)] == [
        ("frozen bytecode, cors", "bytes", 4),
        ("frozen bytecode, camcors", "bytes", 3),
        ("frozen bytecode, boot", "bytes", 2),
        ("frozen bytecode, board", "bytes", 1),
        ("heap in use after boot", "bytes", 1000),
        ("boot to first answer", "ms", 8),
        ("oldest picture, read at 300 kB/s", "s", 0.4),
        ("pictures to each of 1, stream_fps 25", "1/s", 25),
        ("pictures to each of 4, stream_fps 25", "1/s", 21),
        ("pictures to all 4, stream_fps 25", "1/s", 84),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (3.0, "3"),
        (1234567, "1,234,567"),
        (4347.5, "4,348"),
        (22.81, "22.8"),
        (3.384, "3.38"),
        (0.719, "0.72"),
        (0.00448, "0.0045"),
    ],
)
def test_number(value: float | None, text: str) -> None:
    assert report.number(value) == text


def test_table_of_compared_figures() -> None:
    figures = [
        Figure("rate", "1/s", 250, 100, Goal(2.5, False, True)),
        Figure("heap", "bytes", 1061, 1000, Goal(0.6, True, True)),
        Figure("time", "µs", 1.5, 3),
    ]
    assert report.compared(figures, "stock", "ours").splitlines() == [
        "| figure | unit  | stock |  ours | ours / stock | goal    | reached |",
        "| ------ | ----- | ----: | ----: | -----------: | ------- | ------- |",
        "| rate   | 1/s   |   100 |   250 |         2.50 | ≥ 2.5 × | yes     |",
        "| heap   | bytes | 1,000 | 1,061 |         1.06 | ≤ 0.6 × | NO      |",
        "| time   | µs    |     3 |  1.50 |         0.50 |         |         |",
    ]


def test_table_of_single_figures() -> None:
    figures = [Figure("boot", "ms", 5.24), Figure("age", "s", 1.25, goal=Goal(1, True, False))]
    assert report.single(figures).splitlines() == [
        "| figure | unit | value | goal | reached |",
        "| ------ | ---- | ----: | ---- | ------- |",
        "| boot   | ms   |  5.24 |      |         |",
        "| age    | s    |  1.25 | ≤ 1  | NO      |",
    ]


def test_tables_of_cors() -> None:
    rows = [
        {"origins": 1, "request": "GET", "stock": [672, 5], "ours": [256, 2.5], "policy": [200, 2]},
        {"origins": 100, "request": "GET", "stock": [0, 8], "ours": [512, 2.5], "policy": [300, 2]},
    ]
    assert cors_tables.costs(rows).splitlines() == [
        "| origins | request | stock B | ours B | ratio | stock µs | ours µs | ratio |",
        "| ------: | ------- | ------: | -----: | ----: | -------: | ------: | ----: |",
        "|       1 | GET     |     672 |    256 |  0.38 |        5 |    2.50 |  0.50 |",
        "|     100 | GET     |       0 |    512 |     – |        8 |    2.50 |  0.31 |",
    ]
    assert cors_tables.growth(rows).splitlines()[2:] == [
        "| GET     |    2 |    1 |              1.50 |                 1 |",
    ]


def test_sizes_of_cors() -> None:
    heap = {"mpy": {"stock": 2336, "ours": 42656}, "frozen": {"ours": 15744}}
    assert cors_tables.sizes({"stock": 1291, "ours": 30286}, heap).splitlines()[2:] == [
        "| bytecode                  | 1,291 | 30,286 |",
        "| heap after import of .mpy | 2,336 | 42,656 |",
        "| heap after import, frozen |     – | 15,744 |",
    ]
