"""What Frames and a Viewer do without a server: a driver that fails, a viewer that has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from camcors import stream
from camcors.http import clock
from camcors.limits import Limits
from camcors.part import Part
from camcors.stream import Frames
from camcors.viewer import Viewer

T = TypeVar("T")


class Driver:
    """Pictures that all differ; capture() fails as `failures`, a list of exceptions or None, says."""

    def __init__(self, *failures: Exception | None):
        self.failures = [*failures]
        self.count = 0

    def poll(self) -> int | None:
        return None

    def capture(self) -> bytes:
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure
        self.count += 1
        return b"\xff\xd8%d\xff\xd9" % self.count

    def release(self) -> None:
        pass


class Unspeakable(Exception):
    """One that cannot even be shown, as there is no memory for it."""

    def __repr__(self) -> str:
        raise MemoryError


def run(what: Coroutine[Any, Any, T]) -> T:
    """What it returns, within ten seconds."""

    async def bounded() -> T:
        return await asyncio.wait_for(what, 10)

    return asyncio.run(bounded())


async def next_part(viewer: Viewer) -> bytes:
    while (part := viewer.next_part()) is None:
        await viewer.until_next()
    return bytes(part)


def pictures(driver: Driver, count: int) -> list[bytes]:
    """What one viewer reads, without the parts' heads."""

    async def watch() -> list[bytes]:
        viewer = Frames(driver, Limits(stream_fps=60)).viewer()
        assert viewer.enter(lambda part: False)
        parts = [await asyncio.wait_for(next_part(viewer), 10) for _ in range(count)]
        viewer.close()
        return [part.partition(b"\r\n\r\n")[2] for part in parts]

    return asyncio.run(watch())


def test_picture_that_nobody_waits_for_any_more_is_kept_for_nobody() -> None:
    class Slow(Driver):
        is_done = False
        polls = 0

        def poll(self) -> int | None:
            self.polls += 1
            return None if self.is_done else 1

    async def leave() -> tuple[int, list[Part], Part | None]:
        frames = Frames(driver)
        viewer = frames.viewer()
        assert viewer.enter(lambda part: False)
        waiting = asyncio.create_task(next_part(viewer))
        while not driver.polls:
            await asyncio.sleep(0)
        waiting.cancel()
        viewer.close()
        driver.is_done = True
        while frames._producer is not None:  # type: ignore[attr-defined]
            await asyncio.sleep(0.001)
        return frames.frames, frames._parts, frames.latest  # type: ignore[attr-defined]

    driver = Slow()
    assert asyncio.run(leave()) == (1, [], None)


@pytest.mark.parametrize("failure", [MemoryError(), Unspeakable(), KeyError("driver")])
def test_producer_goes_on_after(failure: Exception) -> None:
    seen = pictures(Driver(None, failure), 3)
    assert seen[0] == b"\xff\xd81\xff\xd9\r\n"
    assert seen[-1][:3] == b"\xff\xd8" + str(len(set(seen))).encode()


def test_part_that_cannot_be_filled_is_sent_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Filling fails at its end, when the buffer of the picture before holds the half of a new one."""
    fill = Part.fill
    failing = [False, True, True, True, True, False]

    def fail_late(part: Part, number: int, time_ms: int, jpeg: bytes) -> None:
        view = part.view
        fill(part, number, time_ms, jpeg)
        if failing and failing.pop(0):
            part.view = view
            raise MemoryError

    monkeypatch.setattr(Part, "fill", fail_late)
    monkeypatch.setattr(stream, "_REPEAT_MS", 100)
    seen = pictures(Driver(), 8)
    assert [part for part in seen if part][:3] == [b"\xff\xd8%d\xff\xd9\r\n" % n for n in (1, 6, 7)]


def test_viewer_whose_client_takes_all_at_once_is_not_woken() -> None:
    """All of its pictures come by the offer, out of one buffer."""
    taken: list[bytes] = []

    def take(part: memoryview) -> bool:
        taken.append(bytes(part).partition(b"\r\n\r\n")[2])
        return True

    async def watch() -> tuple[int, int]:
        frames = Frames(Driver(), Limits(stream_fps=60))
        viewer = frames.viewer()
        assert viewer.enter(take)
        assert viewer.next_part() is None
        waiting = asyncio.ensure_future(viewer.until_next())
        while len(taken) < 5:
            await asyncio.sleep(0.001)
        found = len(frames._parts), viewer.number  # type: ignore[attr-defined]
        assert not waiting.done()
        viewer.wake()
        await waiting
        viewer.close()
        return found

    assert run(watch()) == (1, 5)
    assert taken == [b"\xff\xd8%d\xff\xd9\r\n" % n for n in (1, 2, 3, 4, 5)]


def test_what_is_left_of_an_offer_is_the_next_part() -> None:
    """The picture that was begun, though another one has been taken since."""
    offered: list[bytes] = []

    def take(part: memoryview) -> bool:
        offered.append(bytes(part))
        return False

    async def watch() -> list[bytes]:
        frames = Frames(Driver(), Limits(stream_fps=1))
        viewer = frames.viewer()
        assert viewer.enter(take)
        parts = [await asyncio.wait_for(next_part(viewer), 10)]
        await frames.capture()
        parts.append(bytes(viewer._part.view))  # type: ignore[attr-defined]
        viewer.close()
        return parts

    parts = run(watch())
    assert parts == offered * 2


@pytest.mark.parametrize(("passed_ms", "extra"), [(0, 0), (1, 1), (999, 1)])
def test_stills_hurry_no_stream(monkeypatch: pytest.MonkeyPatch, passed_ms: int, extra: int) -> None:
    """A viewer gets those of others too, but none a whole interval before its time."""
    taken: list[bytes] = []
    now = 5000
    monkeypatch.setattr(clock, "ticks_ms", lambda: now)

    def take(part: memoryview) -> bool:
        taken.append(bytes(part))
        return True

    async def watch() -> int:
        nonlocal now
        frames = Frames(Driver(), Limits(stream_fps=1))
        viewer = frames.viewer()
        assert viewer.enter(take)
        assert viewer.next_part() is None
        while not taken:
            await asyncio.sleep(0)
        now += passed_ms
        for _ in range(10):
            await frames.capture()
        found = frames.frames
        viewer.close()
        return found

    assert run(watch()) == 11
    assert len(taken) == 1 + extra
