"""Who gets a slot, who waits and who gives one up, as tables: no socket, and a clock that stands still."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from camcors.http import phases, slots
from camcors.http.admission import Admission
from camcors.http.buffers import Buffers
from camcors.http.clock import ticks_ms
from camcors.http.exchange import Exchange
from camcors.limits import Limits

NOW = 1_000_000


@dataclass(eq=False)
class Client:
    """What slots.py looks at: `address`, then the phase and for how long, as "A idle 1500"."""

    text: str

    def __post_init__(self) -> None:
        self.address, *rest = self.text.split()
        self.exchange = Exchange(Limits(), None, Buffers())
        self.exchange.phase = getattr(phases, rest[0].upper()) if rest else phases.WAITING
        self.exchange.since = NOW - (int(rest[1]) if rest else 0)


def clients(text: str) -> list[Client]:
    return [Client(each.strip()) for each in text.split(",")] if text else []


def position(found: object, among: list[Client]) -> int | None:
    return None if found is None else [each is found for each in among].index(True)


# (what, who holds slots, whose client waits, which of them gives its slot)
GIVERS = [
    ("the longest idle one", "A idle 2000, A idle 3000, A idle 1000", "B", 1),
    ("the same for a client of its own address", "A idle 2000, A idle 3000, A idle 1000", "A", 1),
    ("answered less than a second ago", "A idle 999, B idle 999", "C", None),
    ("a second ago", "A idle 999, B idle 1000", "C", 1),
    ("begun less than a second ago", "A head 999, A head 1", "B", None),
    ("begun a second ago", "A head 999, A head 1000", "B", 1),
    ("the slowest head", "A head 4000, A head 5000, A head 3000", "B", 1),
    ("idle before begun", "A head 9000, A idle 1000, A listening 8000", "B", 1),
    ("begun before a silent handler", "A sending 9000, A listening 8000, A head 1000", "B", 2),
    ("the most silent handler", "A listening 5000, A listening 6000, A running 9000", "B", 1),
    ("an answer under way never", "A sending 60000, A running 60000, A sending 60000", "B", None),
    ("whoever holds most comes first", "B idle 9000, A idle 1000, A idle 2000, A sending 0", "C", 2),
    ("its begun head before another's idle one", "B idle 9000, A head 1000, A head 2000", "C", 2),
    ("who holds most has nothing to give", "A sending 0, A sending 0, B idle 2000", "C", 2),
    ("an idle one even of who holds fewer", "A sending 0, A sending 0, B idle 2000", "A", 2),
    ("alone, no head is taken", "A head 9000, A head 8000, A listening 9000", "A", None),
    ("as many as the other", "A head 9000, A head 8000, B sending 0, B sending 0", "B", None),
    ("one more than the other", "A head 9000, A head 8000, B sending 0", "B", None),
    ("two more than the other", "A head 9000, A head 8000, A head 8500, B sending 0", "B", 0),
    ("one for who has none", "A head 9000, B sending 0", "C", 0),
    ("nobody", "", "A", None),
]


@pytest.mark.parametrize(("holders", "waiter", "giver"), [r[1:] for r in GIVERS], ids=[r[0] for r in GIVERS])
def test_giver(holders: str, waiter: str, giver: int | None) -> None:
    among = clients(holders)
    assert position(slots.giver(among, Client(waiter), NOW), among) == giver


# (what, who holds slots, whose client has waited in vain, which of them ends for it)
RESORTS = [
    ("the answer that stalls longest", "A sending 100, A sending 300, A sending 200", "B", 1),
    ("a handler that hears its client often", "A listening 500, A sending 300", "B", 0),
    ("not what just works", "A running 9000, A running 9000, A running 9000", "B", None),
    ("not for an address with a slot", "A sending 300, A sending 9000, B running 0", "B", None),
    ("not for its own address", "A sending 300, A sending 9000", "A", None),
    ("nobody's only slot", "A sending 9000, C sending 9000", "B", None),
    ("of who holds most", "C sending 9000, C sending 9000, A sending 1, A sending 2, A running 0", "B", 3),
    ("of who else holds two", "A running 0, A running 0, A running 0, C sending 5, C sending 9", "B", 4),
    ("nothing that has just been answered", "A idle 999, A idle 500, A head 999", "B", None),
]


@pytest.mark.parametrize(
    ("holders", "waiter", "giver"), [r[1:] for r in RESORTS], ids=[r[0] for r in RESORTS]
)
def test_last_resort(holders: str, waiter: str, giver: int | None) -> None:
    among = clients(holders)
    assert position(slots.last_resort(among, Client(waiter), NOW), among) == giver


# (what, who waits in the order of their coming, who holds slots, who is next, who is too many)
QUEUES = [
    ("who came first, who came last", "A, A, A", "A running 0, A running 0", 0, 2),
    ("the address with fewer slots", "A, A, B", "A running 0, B sending 0, A running 0", 2, 1),
    ("first come among equals", "B, A, C", "A running 0, B running 0, C running 0", 0, 2),
    ("waiting counts as well", "A, A, B, B, B", "A running 0", 2, 4),
    ("slots and waiting together", "A, B, B", "A running 0, A running 0, A running 0", 1, 0),
    ("a newcomer of a new address stays", "A, A, A, B", "A running 0", 3, 2),
]


@pytest.mark.parametrize(
    ("waiting", "holders", "first", "last"), [r[1:] for r in QUEUES], ids=[r[0] for r in QUEUES]
)
def test_queue(waiting: str, holders: str, first: int, last: int) -> None:
    queue = clients(waiting)
    assert position(slots.next_in_turn(queue, clients(holders)), queue) == first
    assert position(slots.surplus(queue, clients(holders)), queue) == last


# (what, who is answered and who else holds slots, who waits, whether the answer ends the connection)
ENDINGS = [
    ("nobody waits", "A running 0, A running 0", "", False),
    ("a client of its own address", "A running 0, B running 0, B running 0", "A", True),
    ("of one with fewer slots", "A running 0, A running 0, B running 0", "B", True),
    ("of one with as many", "A running 0, B running 0", "B", False),
    ("of one with more", "A running 0, B running 0, B running 0", "B", False),
    ("any of them", "A running 0, B running 0, B running 0", "B, B, C", True),
]


@pytest.mark.parametrize(
    ("holders", "waiting", "ends"), [r[1:] for r in ENDINGS], ids=[r[0] for r in ENDINGS]
)
def test_is_last(holders: str, waiting: str, ends: bool) -> None:
    among = clients(holders)
    assert slots.is_last(among[0], clients(waiting), among) is ends


@dataclass(eq=False)
class Held(Client):
    """A holder that has news `news` times before it gives way."""

    news: int = 0
    looks: int = 0

    def gives_way(self, now: int) -> bool:
        self.looks += 1
        if self.looks > self.news:
            return True
        self.exchange.hold(now)
        return False


def begin_later(client: Client, delay_ms: int) -> None:
    assert client.exchange.since is not None
    client.exchange.since += delay_ms


def admission(
    holders: list[Held], waiting: str, waited_ms: int, slot_waiters: int = 32
) -> tuple[Admission[Held], list[Held]]:
    """One with all slots taken, at the present time, and whom it has evicted."""
    evicted: list[Held] = []
    limits = Limits(connections=len(holders), slot_waiters=slot_waiters)
    found: Admission[Held] = Admission(limits, evicted.append)
    found.holders.extend(holders)
    found.waiting.extend([Held(each.text) for each in clients(waiting)])
    for each in [*holders, *found.waiting]:
        begin_later(each, ticks_ms() - NOW)
    for each in found.waiting:
        begin_later(each, -waited_ms)
    return found, evicted


def test_what_has_arrived_comes_first() -> None:
    """A holder with unread bytes is passed over, for the next one; and taken when nothing comes of them."""
    holders = [Held("A idle 9000", news=1), Held("A idle 8000"), Held("A idle 999000", news=99)]
    found, evicted = admission(holders, "A, B", 0)
    found.settle()
    assert (evicted, [each.looks for each in holders]) == ([holders[1]], [1, 1, 1])
    assert [each.address for each in found.waiting] == ["A"]
    found.settle()  # the two are busy for a moment
    assert [each.looks for each in holders] == [1, 1, 1]


@pytest.mark.parametrize(
    ("holders", "waited_ms", "is_served"),
    [
        ("A idle 500, A sending 9000", 1500, False),
        ("A idle 1500, A sending 9000", 0, True),
        ("A sending 500, A sending 9000", 1500, False),
        ("A sending 500, A sending 9000", 2000, True),
    ],
)
def test_the_second_and_the_wait(holders: str, waited_ms: int, is_served: bool) -> None:
    found, evicted = admission([Held(text.strip()) for text in holders.split(",")], "B", waited_ms)
    (client,) = found.waiting
    found.settle()
    assert client in (found.holders if is_served else found.waiting)
    assert len(evicted) == is_served


@pytest.mark.parametrize(("holder", "is_served"), [("A idle 1500", True), ("A idle 500", False)])
def test_no_places_to_wait(holder: str, is_served: bool) -> None:
    """Who finds a slot that is given up at once needs none."""
    found, evicted = admission([Held(holder)], "", 0, slot_waiters=0)
    assert asyncio.run(found.wait(Held("B"))) is is_served
    assert (len(evicted), found.waiting) == (is_served, [])


def test_sent_away_after_the_wait() -> None:
    found, evicted = admission([Held("A running 0")], "A, B", 2000)
    found.settle()
    assert (evicted, found.waiting, len(found.holders)) == ([], [], 1)


# (platform, connections, slot_waiters, how many are served, how many may wait)
PLACES = [
    ("linux", 6, 32, 6, 32),
    ("linux", 200, 32, 200, 32),
    ("esp32", 6, 32, 6, 4),
    ("esp32", 6, 3, 6, 3),
    ("esp32", 9, 32, 9, 1),
    ("esp32", 10, 32, 10, 0),
    ("esp32", 12, 32, 10, 0),
]


@pytest.mark.parametrize(("platform", "connections", "given", "served", "places"), PLACES)
def test_places_to_wait(platform: str, connections: int, given: int, served: int, places: int) -> None:
    limits = Limits(connections=connections, slot_waiters=given)
    limits.fit(platform)
    assert (limits.connections, limits.slot_waiters) == (served, places)


def test_a_poll_every_5_seconds_fits_in_many_times() -> None:
    assert Limits().keepalive_timeout_ms == 75000
