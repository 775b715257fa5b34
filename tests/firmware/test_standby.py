"""When a sensor that nobody watches goes to standby."""

from __future__ import annotations

import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any, cast

import pytest

from camcors import standby
from camcors.stream import CaptureFailed, Frames


@pytest.mark.parametrize(
    ("standby_s", "idle_ms", "is_due"),
    [
        (60, 0, False),
        (60, 59_999, False),
        (60, 60_000, True),
        (60, 10**9, True),
        (1, 999, False),
        (1, 1000, True),
        (3600, 3_600_000, True),
        (0, 0, False),
        (0, 10**9, False),
    ],
)
def test_is_due(standby_s: int, idle_ms: int, is_due: bool) -> None:
    assert standby.is_due(standby_s, idle_ms) is is_due


class Driver:
    """Gives pictures, unless it `fails` or `stalls`."""

    def __init__(self, standby_s: int):
        self.standby_s = standby_s
        self.fails = False
        self.stalls = False
        self.rests: list[int] = []

    def stand_by(self) -> None:
        self.rests.append(clock.now)

    def poll(self) -> int | None:
        return 1 if self.stalls else None

    def capture(self) -> bytes:
        if self.fails:
            raise OSError(5)
        return b"\xff\xd8\xff\xd9"

    def release(self) -> None:
        pass


clock = SimpleNamespace(now=0)


class Scene:
    """A camera with a standby of a minute, at a time that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, standby_s: int = 60):
        monkeypatch.setattr(standby, "Clock", lambda: SimpleNamespace(read_ms=lambda: clock.now))
        clock.now = 0
        self.driver = Driver(standby_s)
        self.frames = Frames(cast(Any, self.driver))
        self._standby = standby.Standby(cast(Any, self.driver), self.frames)

    def at(self, second: int) -> bool:
        """Poll at this `second`; return whether the sensor was put into standby."""
        clock.now = second * 1000
        self._standby.poll()
        return clock.now in self.driver.rests


def test_after_a_minute_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch)
    assert [scene.at(second) for second in (0, 59, 60, 61)] == [False, False, True, True]


def test_never(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, 0)
    assert [scene.at(second) for second in (0, 60, 100_000)] == [False] * 3
    scene.driver.standby_s = 60  # set by a person: it has been idle for long
    assert scene.at(100_001)


@pytest.mark.parametrize("fails", [False, True])
def test_a_still_restarts_the_minute(monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    scene = Scene(monkeypatch)
    scene.driver.fails = fails
    assert not scene.at(59)
    with contextlib.suppress(CaptureFailed):
        asyncio.run(scene.frames.capture())
    assert [scene.at(second) for second in (60, 119, 120)] == [False, False, True]


def test_not_while_a_still_is_being_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, 1)

    async def take() -> None:
        scene.driver.stalls = True
        task = asyncio.create_task(scene.frames.capture())
        await asyncio.sleep(0)
        assert [scene.at(second) for second in (10, 20, 30)] == [False] * 3
        scene.driver.stalls = False
        await task

    asyncio.run(take())
    assert [scene.at(second) for second in (30, 31)] == [False, True]


def test_not_while_a_still_that_is_given_up_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its client has left, or was late: the count of those who ask must not stay up."""
    scene = Scene(monkeypatch, 1)

    async def give_up() -> None:
        scene.driver.stalls = True
        task = asyncio.create_task(scene.frames.capture())
        await asyncio.sleep(0)
        assert scene.frames.askers == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    assert [scene.at(second) for second in (30, 31)] == [False, True]


def test_not_while_somebody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch)
    viewer = scene.frames.viewer()
    assert viewer.enter(lambda part: False)
    assert [scene.at(second) for second in (0, 60, 1000)] == [False] * 3
    viewer.close()
    assert [scene.at(second) for second in (1001, 1059, 1060)] == [False, False, True]


def test_a_short_visit_between_two_looks_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch)
    assert not scene.at(59)
    viewer = scene.frames.viewer()
    assert viewer.enter(lambda part: False)
    viewer.close()
    assert [scene.at(second) for second in (60, 119, 120)] == [False, False, True]
