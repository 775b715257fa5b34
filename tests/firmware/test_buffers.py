"""Buffers that are lent: the same ones again while there are requests, none in the heap without them."""

from __future__ import annotations

import asyncio

import pytest

from camcors.http.buffers import Buffers
from tests.kit.server import make_device


@pytest.mark.parametrize(("looks", "is_same"), [(0, True), (1, True), (2, False)])
def test_kept_while_somebody_asks(looks: int, is_same: bool) -> None:
    buffers = Buffers()
    first = buffers.take()
    buffers.give(first)
    for _ in range(looks):
        buffers.spare()
    assert (buffers.take() is first) is is_same


def test_two_are_kept() -> None:
    buffers = Buffers()
    lent = [buffers.take() for _ in range(3)]
    for each in lent:
        buffers.give(each)
    again = [buffers.take() for _ in range(3)]
    assert [any(each is one for one in lent) for each in again] == [True, True, False]


def test_server_without_requests_keeps_none() -> None:
    async def serve() -> None:
        server = make_device({}).server
        server.buffers.give(server.buffers.take())
        await server.start("127.0.0.1", 0)
        while server.buffers._free:
            await asyncio.sleep(0.01)
        await server.close()

    asyncio.run(asyncio.wait_for(serve(), 10))
