"""When a new image has passed its trial: after the first answer, or ten minutes."""

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
        ([(0, False), (MINUTE, False), (10 * MINUTE - 1, False)], [0, 0, 0]),
        ([(0, False), (500, True), (1000, True), (1000, True)], [0, 1, 1, 1]),
        ([(10 * MINUTE, False), (11 * MINUTE, False), (12 * MINUTE, True)], [1, 1, 1]),
    ],
)
def test_it_is_marked_once(
    clock: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    polls: list[tuple[int, bool]],
    marked: list[int],
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(trial, "mark", lambda _: calls.append(clock.now))
    found = trial.Trial(str)
    seen, is_over = [], False
    for clock.now, has_answered in polls:
        is_over = is_over or found.poll(has_answered)
        assert is_over is bool(calls)
        seen.append(len(calls))
    assert seen == marked


def test_a_full_heap_only_delays_it(clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = [MemoryError()]
    calls: list[int] = []

    def mark(_: object) -> None:
        calls.append(clock.now)
        if errors:
            raise errors.pop()

    monkeypatch.setattr(trial, "mark", mark)
    found = trial.Trial(str)
    with pytest.raises(MemoryError):
        found.poll(True)
    clock.now = 500
    assert found.poll(True)
    assert calls == [0, 500]


class Slots:
    """esp32.Partition of a board with slots; error: what esp_ota_mark_app_valid_cancel_rollback() says."""

    def __init__(self, error: OSError | None = None):
        self.calls = 0
        self._error = error

    def mark_app_valid_cancel_rollback(self) -> None:
        self.calls += 1
        if self._error:
            raise self._error


FLASH_FAILS = OSError(-0x6001, "ESP_ERR_FLASH_OP_FAIL")


@pytest.mark.parametrize(
    ("partition", "faults"),
    [
        (None, []),
        (object, []),
        (Slots(), []),
        (Slots(OSError(1, "ESP_FAIL")), []),
        (Slots(OSError(-0x105, "ESP_ERR_NOT_FOUND")), []),
        (
            Slots(FLASH_FAILS),
            [f"the image cannot be marked as good ({FLASH_FAILS!r}): flash it over a cable"],
        ),
    ],
    ids=["no esp32", "no bootloader", "slots", "a blank record", "no record", "the flash fails"],
)
def test_what_the_port_says(monkeypatch: pytest.MonkeyPatch, partition: object, faults: list[str]) -> None:
    module = partition and SimpleNamespace(Partition=partition)
    monkeypatch.setitem(sys.modules, "esp32", module)
    said: list[str] = []
    trial.mark(said.append)
    assert said == faults
    assert not isinstance(partition, Slots) or partition.calls == 1
