"""An answer in a heap with little room."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from camcors.http import respond as module
from camcors.http.answer import head_of
from camcors.http.server import Server
from camcors.http.wire import Wire
from microdot import Response


class Collects:
    """A Wire that keeps the pieces."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    async def send(self, data: bytes) -> None:
        self.pieces.append(bytes(data))


def pieces_of(is_head: bool) -> list[bytes]:
    wire = Collects()
    response = Response("the body")
    server = cast(Server, None)  # is told of faults, of which there are none
    asyncio.run(module.respond(response, server, cast(Wire, wire), is_head, False))
    return wire.pieces


@pytest.mark.parametrize("is_head", [False, True])
def test_head_and_body_apart_where_both_have_no_room(monkeypatch: pytest.MonkeyPatch, is_head: bool) -> None:
    whole = pieces_of(is_head)
    assert len(whole) == 1

    def no_room_for_both(response: Response, size: int | None, is_last: bool, body: bytes) -> bytes:
        if body:
            raise MemoryError
        return bytes(head_of(response, size, is_last, body))

    monkeypatch.setattr(module, "head_of", no_room_for_both)
    apart = pieces_of(is_head)
    assert (b"".join(apart), len(apart)) == (whole[0], 1 if is_head else 2)


def test_no_room_for_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(module, "head_of", no_room)
    with pytest.raises(MemoryError):
        pieces_of(False)
