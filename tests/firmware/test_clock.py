"""The pace of pictures against a clock that the test sets."""

from __future__ import annotations

import pytest

from camcors.http import clock


class Ticks:
    """Stands in for the clock's milliseconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.now = 5000
        monkeypatch.setattr(clock, "ticks_ms", lambda: self.now)


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Ticks:
    return Ticks(monkeypatch)


@pytest.mark.parametrize("rate", [1, 3, 7, 25, 30, 60])
@pytest.mark.parametrize("late_ms", [0, 5])
def test_as_many_in_a_second_as_asked_for(ticks: Ticks, rate: int, late_ms: int) -> None:
    """However late each one is, and where a thousand is no multiple of the rate."""
    pace = clock.Pace()
    for second in range(3):
        for _ in range(rate):
            ticks.now = pace.due + late_ms
            pace.step(rate)
        assert pace.due == 5000 + 1000 * (second + 1)


@pytest.mark.parametrize(
    ("late_ms", "next_ms"),
    [(0, 40), (1, 39), (39, 1), (40, 0), (41, 40), (100, 40), (100_000, 40)],
)
def test_no_burst_after_a_pause(ticks: Ticks, late_ms: int, next_ms: int) -> None:
    pace = clock.Pace()
    assert pace.wait_ms() == 0
    ticks.now += late_ms
    pace.step(25)
    assert pace.wait_ms() == next_ms


@pytest.mark.parametrize("rate", [1, 25, 40])
def test_one_before_its_time_but_not_two(ticks: Ticks, rate: int) -> None:
    """Two that keep the same pace may differ by anything less than an interval."""
    interval_ms = 1000 // rate
    pace = clock.Pace()
    assert pace.step(rate)
    for early_ms, may in ((interval_ms, False), (interval_ms - 1, True)):
        ticks.now = pace.due - early_ms
        due = pace.due
        assert pace.step(rate) is may
        assert pace.due == (due + interval_ms if may else due)


def test_rate_that_changes(ticks: Ticks) -> None:
    pace = clock.Pace()
    for rate, due in ((60, 5016), (10, 5116), (60, 5132)):
        ticks.now = pace.due
        pace.step(rate)
        assert abs(pace.due - due) <= 1
