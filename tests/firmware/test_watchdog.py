"""What the watchdog does with memory and time, and what a start says, against a fake `machine`."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from camcors import note
from tests.kit.camera import TOP

POWER_ON, HARD, WATCHDOG, DEEP_SLEEP, SOFT = range(1, 6)


class Machine(ModuleType):
    """`machine` as the ESP32 port has it; `log`: what happened to its watchdog."""

    PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = range(1, 6)

    def __init__(self) -> None:
        super().__init__("machine")
        self.cause = POWER_ON
        self.log: list[Any] = []

    def reset_cause(self) -> int:
        return self.cause

    def WDT(self, id: int = 0, timeout: int = 5000) -> Any:
        self.log.append(timeout)
        return self

    def feed(self) -> None:
        self.log.append("fed")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    machine = Machine()
    monkeypatch.setitem(sys.modules, "machine", machine)
    names = ("camcors.watchdog", "camcors.restart")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield machine
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def restart(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(note, "PATH", str(tmp_path / "restart.json"))
    return importlib.import_module("camcors.restart")


@pytest.fixture
def watchdog(restart: Any) -> Any:
    return importlib.import_module("camcors.watchdog")


def fill(watchdog: Any, is_full: bool) -> None:
    def take() -> None:
        if is_full:
            raise MemoryError

    watchdog._take_block = take


ENDED = {"cause": "server-ended", "reason": "TypeError()"}
FULL = {"cause": "watchdog", "reason": "the heap was full"}


def says(cause: str, reason: str | None = None) -> dict[str, str | None]:
    return {"cause": cause, "reason": reason}


# (what the chip says, what was noted, what the camera says)
STARTS: list[tuple[int, object, object]] = [
    (POWER_ON, None, says("power-on")),
    (HARD, None, says("reset")),
    (SOFT, None, says("soft-reset")),
    (DEEP_SLEEP, None, says("deep-sleep")),
    (0, None, says("unknown")),
    (WATCHDOG, None, says("watchdog", "the server stood still")),
    (WATCHDOG, FULL, FULL),
    (POWER_ON, FULL, says("power-on")),
    (HARD, FULL, says("reset")),
    (HARD, ENDED, ENDED),
    (POWER_ON, ENDED, ENDED),
    (WATCHDOG, ENDED, ENDED),
    (HARD, "{", says("reset")),
    (HARD, [], says("reset")),
    (WATCHDOG, {"cause": "watchdog"}, says("watchdog", "the server stood still")),
]


@pytest.mark.parametrize(("cause", "noted", "said"), STARTS)
def test_a_start_says_once_why(
    machine: Machine, restart: Any, tmp_path: Path, cause: int, noted: Any, said: dict[str, str | None]
) -> None:
    machine.cause = cause
    if noted is not None:
        text = noted if isinstance(noted, str) else json.dumps(noted)
        Path(note.PATH).write_text(text)
    Path(note.PATH + ".new").write_text("half")
    assert restart.why() == said
    assert said["cause"] in restart.CAUSES
    if isinstance(noted, dict) and len(noted) == 2:
        assert list(tmp_path.iterdir()) == []
    machine.cause = HARD
    assert restart.why() == says("reset")


def test_what_is_noted_is_read(machine: Machine, restart: Any, watchdog: Any) -> None:
    machine.cause = HARD
    restart.note_server_ended("x" * 300)
    assert restart.why() == says("server-ended", "x" * 200)
    machine.cause = WATCHDOG
    note.write(watchdog._FULL_HEAP)
    assert restart.why() == FULL


def test_it_is_fed_while_there_is_memory(machine: Machine, watchdog: Any, restart: Any) -> None:
    dog = watchdog.Watchdog(3000)
    dog.look()
    assert (machine.log, dog.is_armed) == ([], False)  # nothing runs before the camera has served
    dog.arm()
    fill(watchdog, False)
    dog.look()
    fill(watchdog, True)
    for _ in range(2):  # as it may be for a moment
        dog.look()
    fill(watchdog, False)
    dog.look()
    assert machine.log == [3000, "fed", "fed"]
    assert not Path(note.PATH).exists()


def test_a_full_heap_is_written_down_before_the_end_and_forgotten_after_it(
    machine: Machine, watchdog: Any, restart: Any
) -> None:
    dog = watchdog.Watchdog(3000)
    dog.arm()
    fill(watchdog, True)
    for _ in range(5):
        dog.look()
    assert json.loads(Path(note.PATH).read_text()) == FULL
    fill(watchdog, False)
    dog.look()
    assert machine.log == [3000, "fed"]
    assert not Path(note.PATH).exists()


def test_without_memory_for_the_reason_it_is_tried_again(
    machine: Machine, watchdog: Any, restart: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    dog = watchdog.Watchdog(3000)
    fill(watchdog, True)
    with monkeypatch.context() as without:
        without.setattr(note, "write", fail)
        for _ in range(4):
            dog.look()
    assert not Path(note.PATH).exists()
    dog.look()
    assert Path(note.PATH).exists()


def test_that_of_before_a_soft_reset_gets_a_day(machine: Machine, watchdog: Any) -> None:
    machine.cause = SOFT
    dog = watchdog.Watchdog(3000)
    assert (machine.log, dog.is_armed) == ([86400000], True)
    assert 86400000 * 4 < 2**32  # ESP-IDF's ticks
    dog.look()
    dog.arm()
    assert machine.log == [86400000, "fed", 3000]


def test_it_takes_less_than_a_minute() -> None:
    """As long as the time-out, counted from the last look, and the start after it."""
    text = (TOP / "firmware" / "camcors" / "watchdog.py").read_text()
    timeout = next(line for line in text.splitlines() if line.startswith("TIMEOUT_MS"))
    assert timeout == "TIMEOUT_MS = const(30000)"
