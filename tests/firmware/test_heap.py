"""The heap's figures: how often the heap is walked, on a clock and with a gc that the test sets."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from camcors import heap


class FakeGc:
    """Counts the walks through the heap."""

    def __init__(self) -> None:
        self.walks = 0

    def mem_alloc(self) -> int:
        self.walks += 1
        return 100 + self.walks

    def mem_free(self) -> int:
        self.walks += 1
        return 900 - self.walks


@pytest.fixture
def gc(monkeypatch: pytest.MonkeyPatch) -> FakeGc:
    fake = FakeGc()
    monkeypatch.setattr(heap, "gc", fake)
    return fake


def test_nothing_before_the_first_sample(gc: FakeGc) -> None:
    assert heap.Heap().report() is None
    assert gc.walks == 0


def test_reports_walk_no_heap(gc: FakeGc) -> None:
    """However many ask, they get the sample of before, whole."""
    sampled = heap.Heap()
    sampled.sample(7)
    for _ in range(1000):
        assert sampled.report() == {"used": 101, "free": 898, "system_free": None, "sampled_s": 7}
    assert gc.walks == 2


def test_what_is_left_to_the_system(gc: FakeGc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "system_heap", SimpleNamespace(free=lambda: 110_000))
    sampled = heap.Heap()
    sampled.sample(7)
    assert sampled.report() == {"used": 101, "free": 898, "system_free": 110_000, "sampled_s": 7}


@pytest.mark.parametrize(
    ("reads", "took_ms", "times"),
    [
        pytest.param(range(0, 200), 0, [0, 5, 10, 15, 20], id="read all the time"),
        pytest.param([], 0, [0, 60, 120], id="read by nobody"),
        pytest.param([30], 0, [0, 30, 90], id="read once after a while"),
        pytest.param([2, 59], 0, [0, 5, 59, 119], id="read twice"),
        pytest.param(range(0, 200), 40, [0, 40, 80], id="40 ms for one, read all the time"),
        pytest.param(range(0, 200), 3, [0, 5, 10], id="3 ms for one, read all the time"),
        pytest.param([], 80, [0, 80, 160], id="80 ms for one, read by nobody"),
    ],
)
def test_when_it_is_measured(
    gc: FakeGc, monkeypatch: pytest.MonkeyPatch, reads: range | list[int], took_ms: int, times: list[int]
) -> None:
    """`times`: the seconds of the samples, up to as many as there are. Each takes `took_ms`."""
    monkeypatch.setattr(heap, "ticks_ms", lambda: gc.walks * took_ms // 2)
    sampled = heap.Heap()
    sampled.sample(0)
    seen = [0]
    for now in range(200):
        if now in reads:
            sampled.report()
        walks = gc.walks
        sampled.poll(now)
        if gc.walks != walks:
            seen.append(now)
    assert seen[: len(times)] == times
