"""How long a client may take for an answer. The rest of sending is tested with real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import cast

import pytest

from camcors.http.exchange import Exchange
from camcors.http.transport import Transport
from camcors.http.wire import Wire
from camcors.viewer import Viewer as StreamViewer


class Trickle:
    """A transport whose client takes at most `most` bytes at a time, and is always worth waiting for."""

    slice_bytes = 8192

    def __init__(self, most: int, is_full: bool = True):
        self.taken = b""
        self.calls: list[str] = []
        self.is_full = is_full
        self._most = most

    def send(self, data: bytes, start: int, size: int) -> int:
        piece = bytes(data[start : start + min(size, self._most)])
        self.taken += piece
        self.calls.append("send")
        return len(piece)

    def bound_unsent(self) -> None:
        self.calls.append("bound_unsent")

    async def drain(self) -> None:
        self.calls.append("drain")


class Waits:
    """An exchange that notes when a piece begins to go out, and when it has gone."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def send(self, now: int) -> None:
        self.noted.append("send")

    def sent(self) -> bool:
        self.noted.append("sent")
        return False

    def pass_by(self, now: int) -> None:
        self.noted.append("pass_by")


def wire_over(transport: Trickle, waits: Waits) -> Wire:
    return Wire(cast(Transport, transport), cast(Exchange, waits))


class Pieces:
    def __init__(self, *pieces: bytes):
        self._pieces = list(pieces)

    def __aiter__(self) -> Pieces:
        return self

    async def __anext__(self) -> bytes:
        if not self._pieces:
            raise StopAsyncIteration
        return self._pieces.pop(0)


@pytest.mark.parametrize("most", [1, 100, 8192, 100_000])
def test_one_time_out_for_each_piece(most: int) -> None:
    """However few bytes the client takes at a time, the time-out does not start again."""
    transport, waits = Trickle(most), Waits()
    wire = wire_over(transport, waits)
    asyncio.run(wire.send(b"a" * 10_000))
    assert waits.noted == ["send", "sent"]
    asyncio.run(wire.send_pieces(Pieces(b"b" * 300, b"c" * 300)))
    assert waits.noted == ["send", "sent"] * 3
    assert transport.taken == b"a" * 10_000 + b"b" * 300 + b"c" * 300


@pytest.mark.parametrize(
    ("is_full", "size", "calls", "noted"),
    [
        (False, 100, ["send"], ["pass_by"]),
        (False, 8192, ["send"], ["pass_by"]),
        (False, 8193, ["send"] * 2, ["send", "sent"]),
        (False, 20_000, ["send"] * 3, ["send", "sent"]),
        (True, 100, ["send", "drain"], ["send", "sent"]),
        (True, 20_000, ["send", "drain"] * 3, ["send", "sent"]),
    ],
)
def test_drained_to_the_end(is_full: bool, size: int, calls: list[str], noted: list[str]) -> None:
    """A transport that is full still reads what it was given, which the caller may change afterwards. What
    goes at once needs no time-out."""
    transport, waits = Trickle(8192, is_full), Waits()
    asyncio.run(wire_over(transport, waits).send(bytes(size)))
    assert (transport.calls, waits.noted) == (calls, noted)


class Viewer:
    """A stream of `parts`, which ends by an OSError as one whose client has left."""

    def __init__(self, parts: list[bytes], has_slot: bool):
        self._parts = parts
        self._has_slot = has_slot

    def enter(self, send: Callable[[memoryview], bool]) -> bool:
        return self._has_slot

    def next_part(self) -> bytes:
        if not self._parts:
            raise OSError(104)
        return self._parts.pop(0)


@pytest.mark.parametrize(
    ("has_slot", "calls"), [(True, ["bound_unsent", "send", "drain", "send", "drain"]), (False, [])]
)
def test_a_stream_has_little_unsent(has_slot: bool, calls: list[str]) -> None:
    """Said once, before the first picture."""
    transport = Trickle(8192)
    viewer = cast(StreamViewer, Viewer([b"one", b"two"], has_slot))
    with contextlib.suppress(OSError):
        asyncio.run(wire_over(transport, Waits()).send_pieces(viewer))
    assert transport.calls == calls


def test_what_is_no_stream_leaves_the_buffer_to_the_system() -> None:
    transport = Trickle(8192)
    asyncio.run(wire_over(transport, Waits()).send_pieces(Pieces(b"one", b"two")))
    assert transport.calls == ["send", "drain"] * 2


class Offered(Viewer):
    """A stream whose only part was offered when it was made, and is given again if that was not all of it."""

    def __init__(self, part: bytes):
        super().__init__([part], True)
        self.was_enough = False

    def enter(self, send: Callable[[memoryview], bool]) -> bool:
        self.was_enough = send(memoryview(self._parts[0]))
        if self.was_enough:
            self._parts.pop()
        return True


@pytest.mark.parametrize(
    ("most", "is_full", "size", "calls", "noted"),
    [
        (8192, False, 8192, ["send"], ["pass_by"]),
        (8192, True, 8192, ["send", "drain"], ["send", "sent"]),  # the transport still reads it
        (100, False, 8192, ["send"] + ["send"] * 81, ["send", "sent"]),
        (100, True, 300, ["send", "drain"] + ["send", "drain"] * 2, ["send", "sent"]),
        (8192, False, 20_000, ["send"] * 3, ["send", "sent"]),
    ],
)
def test_part_that_is_offered(
    most: int, is_full: bool, size: int, calls: list[str], noted: list[str]
) -> None:
    """What the client takes at once needs no task and no time-out; the rest goes out once, and in order."""
    transport, waits = Trickle(most, is_full), Waits()
    part = bytes(k % 251 for k in range(size))
    viewer = Offered(part)
    with contextlib.suppress(OSError):
        asyncio.run(wire_over(transport, waits).send_pieces(cast(StreamViewer, viewer)))
    assert viewer.was_enough is (noted == ["pass_by"])
    assert transport.taken == part
    assert [call for call in transport.calls if call != "bound_unsent"] == calls
    assert waits.noted == noted


@pytest.mark.parametrize("error", [OSError(104), MemoryError()])
def test_fault_of_an_offer_is_the_streams(error: Exception) -> None:
    """It comes in the middle of another's work, and again where it belongs."""

    class Broken(Trickle):
        def send(self, data: bytes, start: int, size: int) -> int:
            self.calls.append("send")
            raise error

    transport = Broken(8192)
    viewer = Offered(b"part")
    with pytest.raises(type(error)):
        asyncio.run(wire_over(transport, Waits()).send_pieces(cast(StreamViewer, viewer)))
    assert not viewer.was_enough
    assert transport.calls.count("send") == 2
