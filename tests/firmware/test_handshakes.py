"""Who gets a place among the TLS handshakes, and who loses it; the thread that works on them."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from camcors.http.clock import ticks_add, ticks_ms
from camcors.http.exchange import SETTLED_MS
from camcors.http.handshakes import Handshakes, Worker
from camcors.limits import Limits


class Client:
    """A connection that has been silent for `silent_ms`."""

    def __init__(self, silent_ms: int) -> None:
        self.exchange = SimpleNamespace(since=ticks_add(ticks_ms(), -silent_ms), is_ended=False)

    def note_news(self) -> None:
        self.exchange.since = ticks_ms()


def run(silent_ms: int) -> list[Any]:
    """Who loses the only place while its client says nothing for `silent_ms`, and another one comes."""
    evicted: list[Any] = []
    handshakes = Handshakes(Limits(tls_handshakes=1), evicted.append)
    first, other = Client(10 * SETTLED_MS), Client(10 * SETTLED_MS)

    class Transport:
        def wrap(self, context: object) -> None:
            pass

        async def shake(self, worker: object, note_news: object) -> None:
            first.exchange.since = ticks_add(first.exchange.since, -silent_ms)
            waiting = asyncio.create_task(handshakes.shake(other, self))  # type: ignore[arg-type]
            await asyncio.sleep(0)  # it looks for a place, and waits for the next look
            waiting.cancel()

    asyncio.run(handshakes.shake(first, Transport()))  # type: ignore[arg-type]
    return evicted and [client is first for client in evicted]


@pytest.mark.parametrize(
    ("silent_ms", "evicted"), [(0, []), (SETTLED_MS - 100, []), (SETTLED_MS, [True]), (60000, [True])]
)
def test_silence_counts_from_the_place_on(silent_ms: int, evicted: list[bool]) -> None:
    """Both have waited for ten seconds before."""
    assert run(silent_ms) == evicted


def test_what_is_left_while_the_thread_works_on_it_is_closed_after_that() -> None:
    said: list[str] = []
    worker = Worker()

    class Transport:
        is_abandoned = False

        def step(self) -> None:
            if not worker.abandon(self):  # type: ignore[arg-type]
                self.close(False)
            said.append("worked on")

        def close(self, is_lost: bool) -> None:
            said.append(f"closed, lost: {is_lost}")

    async def work() -> None:
        worker.begin(Transport())  # type: ignore[arg-type]
        while len(said) < 2:
            await asyncio.sleep(0.001)
        if not worker.abandon(idle := Transport()):  # type: ignore[arg-type]
            idle.close(False)
        worker.end()
        while not worker.has_ended:
            await asyncio.sleep(0.001)

    asyncio.run(asyncio.wait_for(work(), 20))
    assert said == ["worked on", "closed, lost: True", "closed, lost: False"]
