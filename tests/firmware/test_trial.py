"""When a new image has passed its trial: after the first request, or ten minutes."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from camcors import trial

MINUTE = 60_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=0)
    monkeypatch.setattr(trial, "Clock", lambda: SimpleNamespace(read_ms=lambda: clock.now))
    return clock


@pytest.mark.parametrize(
    ("polls", "marked"),
    [
        ([(0, 0), (MINUTE, 0), (10 * MINUTE - 1, 0)], [0, 0, 0]),
        ([(0, 0), (500, 1), (1000, 1), (1000, 2)], [0, 1, 1, 1]),
        ([(10 * MINUTE, 0), (11 * MINUTE, 0), (12 * MINUTE, 5)], [1, 1, 1]),
    ],
)
@pytest.mark.parametrize("fails", [False, True])
def test_it_is_marked_once(
    clock: SimpleNamespace, polls: list[tuple[int, int]], marked: list[int], fails: bool
) -> None:
    calls: list[int] = []

    def mark() -> None:
        calls.append(clock.now)
        if fails:
            raise OSError(-1, "ESP_FAIL")  # the otadata is blank

    found = trial.Trial(mark)
    seen = []
    for clock.now, requests in polls:
        found.poll(requests)
        seen.append(len(calls))
    assert seen == marked


@pytest.mark.parametrize(
    "module",
    [None, SimpleNamespace(Partition=object)],
    ids=["no esp32", "a partition without slots"],
)
def test_a_board_without_slots(monkeypatch: pytest.MonkeyPatch, module: object) -> None:
    monkeypatch.setitem(sys.modules, "esp32", module)
    trial.of_board().poll(1)


def test_a_board_with_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    partition = SimpleNamespace(mark_app_valid_cancel_rollback=lambda: calls.append("valid"))
    monkeypatch.setitem(sys.modules, "esp32", SimpleNamespace(Partition=partition))
    found = trial.of_board()
    assert calls == []
    found.poll(1)
    assert calls == ["valid"]
