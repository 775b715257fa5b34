"""What a connection does next, as tables: bytes and ticks go in, a phase, a deadline and words come out."""

from __future__ import annotations

import pytest

from camcors.http import phases
from camcors.http.buffers import Buffers
from camcors.http.exchange import CUT, KEPT, LAST, SETTLED_MS, Exchange
from camcors.http.head import Headers, Refusal
from camcors.limits import Limits
from strict.error import NO_MEMORY

LIMITS = {
    "head_timeout_ms": 1000,
    "tls_handshake_ms": 7000,
    "keepalive_timeout_ms": 2000,
    "body_timeout_ms": 3000,
    "handler_idle_ms": 4000,
    "write_timeout_ms": 5000,
    "linger_ms": 600,
    "body_bytes": 300,
    "head_bytes": 512,
    "drain_bytes": 700,
    "keepalive_requests": 100,
}
NAMES = {getattr(phases, name): name for name in (
    "NEW", "IDLE", "HEAD", "BODY", "CHUNKS", "RUNNING", "LISTENING", "SENDING", "LINGERING", "WAITING",
    "TURNED_AWAY", "DELAYED", "SHAKING",
)}  # fmt: skip

G = b"GET / HTTP/1.1\r\nHost: a\r\n"
GET = G + b"\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
LONG = POST + b"Content-Length: 3\r\n\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def new(size: int = 64, **limits: int) -> Exchange:
    """One whose client has got a slot at 0. size: bytes of a buffer."""
    exchange = Exchange(Limits(**{**LIMITS, **limits}), lambda method: method == "QUERY", Buffers(size))
    exchange.begin(0)
    return exchange


def hear(exchange: Exchange, data: bytes, now: int = 0) -> tuple[str, str, str, Headers] | None:
    """What the exchange makes of `data` -> what a complete request asks, else None."""
    asked = None
    while data:
        room = exchange.inbox.room()
        size = min(len(room), len(data))
        room[:size] = data[:size]
        exchange.inbox.add(size)
        data = data[size:]
        asked = exchange.take(now)
    return asked


def answered(exchange: Exchange, now: int) -> None:
    """A handler has answered."""
    exchange.run()
    exchange.send(now)
    assert not exchange.sent()
    exchange.begin(now)


# (what, (a piece, its ticks) after each other, phase, since, deadline). The client connects at 0.
ARRIVALS = [
    ("nothing", [], "NEW", 0, 1000),
    ("half an empty line", [(b"\r", 100)], "NEW", 0, 1000),
    ("an empty line", [(b"\r\n", 100)], "NEW", 0, 1000),
    ("a byte", [(b"G", 100)], "HEAD", 100, 1000),
    ("more bytes", [(b"G", 100), (b"E", 500), (b"T", 900)], "HEAD", 100, 1000),
    ("a head whose body is to come", [(b"P", 100), (LONG[1:], 900)], "BODY", 900, 3900),
    ("a byte of the body", [(LONG, 900), (b"a", 1900)], "BODY", 900, 3900),
    ("chunks to come", [(CHUNKED, 900)], "CHUNKS", 900, 3900),
    ("a chunk now and then", [(CHUNKED, 900), (b"1\r\na\r\n", 2000), (b"1\r\n", 3000)], "CHUNKS", 900, 3900),
]


@pytest.mark.parametrize(("pieces", "phase", "since", "deadline"), [r[1:] for r in ARRIVALS],
                         ids=[r[0] for r in ARRIVALS])  # fmt: skip
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "second"])
def test_time_of_a_request(
    pieces: list[tuple[bytes, int]], phase: str, since: int, deadline: int, is_first: bool
) -> None:
    """No byte moves the deadline of its phase. A later request's head has its time from its first byte."""
    exchange = new()
    if not is_first:
        assert hear(exchange, GET)
        answered(exchange, 0)
        if phase == "NEW":
            phase, deadline = "IDLE", 2000
        elif phase == "HEAD":
            deadline = since + 1000
    for data, now in pieces:
        assert hear(exchange, data, now) is None
    assert (NAMES[exchange.phase], exchange.since, exchange.deadline) == (phase, since, deadline)


# phase -> its limit, the words of the 408, those of the 400, whether a time-out, whether vanished
TOLD = {
    "NEW": (1000, None, None, True, False),
    "IDLE": (2000, None, None, False, False),
    "HEAD": (1000, "the headers", "the request ends before its headers do", True, True),
    "BODY": (3000, "the body", "the body is shorter than its Content-Length", True, True),
    "CHUNKS": (3000, "the body", "the body ends before its last chunk", True, True),
    "RUNNING": (None, None, None, False, True),
    "LISTENING": (4000, None, None, True, True),
    "SENDING": (5000, None, None, True, True),
    "LINGERING": (600, None, None, False, True),
    "WAITING": (None, None, None, False, True),
    "TURNED_AWAY": (600, None, None, True, True),
    "DELAYED": (None, None, None, False, True),
    "SHAKING": (7000, None, None, True, False),
}


def test_every_phase_has_a_row() -> None:
    assert len(phases.PHASES) == len(TOLD) == len(NAMES)


@pytest.mark.parametrize("name", TOLD)
def test_the_end_of_a_wait(name: str) -> None:
    """By the time, by another client, by its own client."""
    limit, what, cut_off, is_timeout, is_vanished = TOLD[name]

    def entered() -> Exchange:
        exchange = new()
        exchange.enter(getattr(phases, name), 10)
        assert exchange.deadline == (None if limit is None else 10 + limit)
        return exchange

    late = entered()
    late.expire()
    assert (late.is_ended, bool(late.is_timeout)) == (True, is_timeout)
    assert told(late.farewell()) == (what and (408, what + " did not arrive in time"))
    assert late.is_ended is (what is None)  # else an answer is to go out, and the connection to end in order
    for may_tell in (False, True):
        evicted = entered()
        assert evicted.evict(may_tell) is (may_tell and what is not None)
        assert not evicted.is_timeout
        words = (503, f"{what} came too slowly while others waited for a connection")
        assert told(evicted.farewell()) == (words if may_tell and what else None)
    starved = (503, "the camera has no memory left for this request", NO_MEMORY)
    assert told(entered().starve()) == (starved if name in ("NEW", "IDLE") or what else None)
    assert bool(entered().is_vanished) is is_vanished
    if cut_off is None:
        entered().hear_end()
    else:
        with pytest.raises(Refusal) as error:
            entered().hear_end()
        assert error.value.args == (400, cut_off)


def told(refusal: Refusal | None) -> tuple[object, ...] | None:
    return None if refusal is None else refusal.args


# (what, what has come, limits, whether the connection stays, bytes that are dropped after the answer)
PERSISTENCE: list[tuple[str, bytes, dict[str, int], int, int]] = [
    ("plain", GET, {}, KEPT, 0),
    ("close", G + b"Connection: close\r\n\r\n", {}, LAST, 0),
    ("HTTP/1.0", b"GET / HTTP/1.0\r\n\r\n", {}, LAST, 0),
    ("limit of requests", GET, {"keepalive_requests": 1}, CUT, 0),
    ("limit and close", G + b"Connection: close\r\n\r\n", {"keepalive_requests": 1}, CUT, 0),
    ("limit, and more has come", GET + b"G", {"keepalive_requests": 1}, CUT, 700),
    ("more has come", GET + b"G", {}, KEPT, 0),
    ("large body", POST + b"Content-Length: 301\r\n\r\n", {}, LAST, 301),
    ("huge body", POST + b"Content-Length: 99999999999999999999\r\n\r\n", {}, LAST, 700),
    ("large chunks", CHUNKED + b"12d\r\n", {}, LAST, 700),
    ("body", LONG + b"abc", {}, KEPT, 0),
    ("chunks", CHUNKED + b"0\r\n\r\n", {}, KEPT, 0),
]


@pytest.mark.parametrize(("data", "limits", "persistence", "unread"), [r[1:] for r in PERSISTENCE],
                         ids=[r[0] for r in PERSISTENCE])  # fmt: skip
def test_whether_the_connection_stays(
    data: bytes, limits: dict[str, int], persistence: int, unread: int
) -> None:
    exchange = new(**limits)
    assert hear(exchange, data)
    exchange.run()
    assert exchange.persistence == persistence
    assert exchange.unread_after_last(False) == unread


def test_what_ends_a_connection_that_would_stay() -> None:
    for end, found, unread in ((Exchange.lose_track, LAST, 0), (Exchange.cut, CUT, 700)):
        exchange = new()
        hear(exchange, GET)
        end(exchange)
        assert (exchange.persistence, exchange.unread_after_last(True)) == (found, unread)
    exchange = new()
    hear(exchange, G + b"Connection: close\r\n\r\n")
    exchange.cut()  # the client knows that it is the last
    assert (exchange.persistence, exchange.unread_after_last(True)) == (LAST, 0)
    exchange = new()
    exchange.refuse()
    assert (exchange.persistence, exchange.unread_after_last(False)) == (LAST, 700)


# (what, the head, what comes with it, whether "100 Continue" is waited for)
EXPECTING = [
    ("length", LONG[:-2] + b"Expect: 100-continue\r\n\r\n", True),
    ("some of the body is there", LONG[:-2] + b"Expect: 100-continue\r\n\r\na", True),
    ("all of the body is there", LONG[:-2] + b"Expect: 100-continue\r\n\r\nabc", False),
    ("chunks", CHUNKED[:-2] + b"Expect: 100-continue\r\n\r\n", True),
    ("a chunk is there", CHUNKED[:-2] + b"Expect: 100-continue\r\n\r\n1", False),
    ("HTTP/1.0", b"POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", False),
    ("too large", POST + b"Content-Length: 301\r\nExpect: 100-continue\r\n\r\n", False),
    ("not asked for", LONG, False),
]


@pytest.mark.parametrize(("data", "waits"), [r[1:] for r in EXPECTING], ids=[r[0] for r in EXPECTING])
def test_100_continue(data: bytes, waits: bool) -> None:
    exchange = new(1024)
    room = exchange.inbox.room()
    room[: len(data)] = data
    exchange.inbox.add(len(data))  # all in one piece
    exchange.take(50)
    assert exchange.wants_continue is waits
    if waits:
        phase = exchange.phase
        exchange.send(60)
        exchange.sent()
        exchange.continued(70)
        assert (exchange.phase, exchange.deadline, exchange.wants_continue) == (phase, 3070, False)


def test_a_handler_that_sends_and_listens() -> None:
    """One task of it waits for the client, another one sends: the time runs from whatever was last."""
    exchange = new()
    hear(exchange, GET)
    exchange.run()
    seen = []

    def note() -> None:
        seen.append((NAMES[exchange.phase], exchange.deadline))

    exchange.listen(100)
    note()
    exchange.send(200)
    note()
    if exchange.sent():
        exchange.listen(300)
    note()
    exchange.heard()
    note()
    exchange.send(400)
    exchange.listen(450)
    note()
    exchange.heard()
    note()
    assert not exchange.sent()
    note()
    assert seen == [
        ("LISTENING", 4100),
        ("SENDING", 5200),
        ("LISTENING", 4300),
        ("RUNNING", None),
        ("SENDING", 5400),
        ("SENDING", 5400),
        ("SENDING", None),
    ]


def test_what_has_arrived_is_looked_at_first() -> None:
    exchange = new()
    exchange.was_met = True
    exchange.look(1000)
    assert exchange.deadline == 1100
    exchange.hold(5000)
    assert exchange.since is not None
    assert 5100 - exchange.since == SETTLED_MS  # so it may be evicted in a tenth of a second
    hear(exchange, b"G", 1050)
    assert exchange.was_met is False  # it has moved on, and is looked at again


@pytest.mark.parametrize("method", ["GET", "QUERY", "BREW"])
def test_method(method: str) -> None:
    data = method.encode() + b" / HTTP/1.1\r\nHost: a\r\n\r\n"
    if method != "BREW":
        asked = hear(new(), data)
        assert asked and asked[0] == method
        return
    exchange = new()
    with pytest.raises(Refusal) as error:
        hear(exchange, data)
    assert error.value.args == (501, "the camera knows no such method; names of methods are in capitals")
    known = exchange.known()
    assert known and known[0] == "BREW"


def test_what_is_known_of_a_refused_request() -> None:
    exchange = new()
    hear(exchange, G + b"A: 1\r\n")
    assert exchange.known()[:2] == ("GET", "/")
    exchange = new()
    with pytest.raises(Refusal):
        hear(exchange, G + b"A : 1\r\n\r\n")
    assert exchange.known() == ()


def test_it_begins_again_with_each_request() -> None:
    exchange = new()
    for number in range(3):
        body = b"%d" % number * 3
        asked = hear(exchange, LONG + body)
        assert asked and asked[0] == "POST"
        assert exchange.body == body
        answered(exchange, 0)
        assert (exchange.body, exchange.asked) == (b"", None)
        assert hear(exchange, GET)
        assert exchange.body == b""
        answered(exchange, 0)


def test_full_is_said_with_the_limit() -> None:
    words = "all 7 connections are in use; close a page, or raise limits.connections of /camera.json"
    assert new(connections=7).full().args == (503, words)


def test_what_follows_is_not_known_of_a_refused_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """No memory to parse a head: the next request, which has come with it, says nothing about this one."""

    def fail(head: bytes) -> None:
        raise MemoryError

    monkeypatch.setattr("camcors.http.parse.parse", fail)
    exchange = new(1024)
    data = GET + G + b"Origin: http://a.example\r\n\r\n"
    exchange.inbox.room()[: len(data)] = data
    exchange.inbox.add(len(data))
    with pytest.raises(MemoryError):
        exchange.take(0)
    assert told(exchange.starve()) == (503, "the camera has no memory left for this request", NO_MEMORY)
    assert exchange.known() == ()


def test_dropping_takes_more_than_the_rest_of_a_body() -> None:
    """What comes after a refusal is forgotten, however long the refused body said it was."""
    exchange = new()
    assert hear(exchange, LONG + b"a") is None
    exchange.refuse()
    exchange.inbox.drop()
    for _ in range(3):
        room = exchange.inbox.room()
        assert len(room) == 64
        exchange.inbox.add(64)
        assert exchange.inbox.unread == 64
        exchange.inbox.drop()
    assert exchange.inbox.unread == 0


@pytest.mark.parametrize(
    ("is_heard", "phase", "deadline"), [(False, "SENDING", None), (True, "LISTENING", 300 + 4000)]
)
def test_piece_that_goes_at_once(is_heard: bool, phase: str, deadline: int | None) -> None:
    """It needs no time of its own, but shows that the client still takes what it gets."""
    exchange = new()
    assert hear(exchange, GET, 100)
    exchange.run()
    if is_heard:
        exchange.listen(150)
    else:
        exchange.send(150)
        exchange.sent()
    exchange.pass_by(300)
    assert (NAMES[exchange.phase], exchange.since, exchange.deadline) == (phase, 300, deadline)
