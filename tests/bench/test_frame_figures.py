"""The tables of a stream's pictures, and that both servers send what the viewers read."""

from __future__ import annotations

from pathlib import Path

import pytest

from camcors.http.transport import Transport
from tests.bench import frame_figures
from tests.bench.peers import compiled

RAW = {
    "frames": {
        "instructions": {"1": 200_000.0, "4": 130_001.0},
        "cpu_us": {
            "1": {"ours": [9.0, 200.0, 100.0], "floor": [50.0, 51.0, 1.0]},
            "4": {"ours": [101.0], "floor": [50.0]},
        },
        "ages_ms": {
            "alone": [{"p50": 1.0, "p99": 90.0}, {"p50": 4.0, "p99": 2.0}],
            "beside a slow one": [{"p50": 3.0, "p99": 50.0}, {"p50": 3.0, "p99": 51.0}],
        },
    }
}


def test_figures() -> None:
    assert [(f.name, f.base, f.value, f.is_reached) for f in frame_figures.per_picture(RAW)] == [
        ("instructions, 1 watching", None, 200, True),
        ("instructions, 4 watching", None, 130.001, False),
        ("processor's time, 1 watching", 50, 100, True),
        ("processor's time, 4 watching", 50, 101, False),
    ]
    assert [(f.name, f.base, f.value, f.is_reached) for f in frame_figures.delays(RAW)] == [
        ("p50 from capture to the last byte", 1, 3, None),
        ("p99 from capture to the last byte", 2, 50, True),
    ]


def test_the_loop_in_c_has_the_same_slices() -> None:
    assert Transport.slice_bytes == frame_figures.SLICE


@pytest.mark.parametrize("kind", ["ours", "floor"])
def test_each_viewer_gets_all_pictures(program: Path, kind: str) -> None:
    """A slow one is not counted on for that."""
    slow, more = (1, []) if kind == "ours" else (0, [frame_figures.SLICE])
    server = frame_figures.app() if kind == "ours" else [compiled("frame_floor.c")]
    found = frame_figures.run(server, 20, 2, slow, *more)
    assert found.frames[:2] == [20, 20]
    assert len(found.ages_ms) == 40
    assert min(found.ages_ms) >= 0
    assert found.cpu_s >= 0
