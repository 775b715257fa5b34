"""Conversations on bytes: a connection of device.py's server over memory, with no socket and no clock.

Runs on CPython and MicroPython alike. As a script: on_bytes.py LIMITS [guarded], with LIMITS as JSON. It
reads a conversation a line, a list of end and pieces in hexadecimal, and prints what came of it, until a line
is empty: one process does for all rows of a table.
"""

import asyncio
import json
import sys

try:
    from tests.kit.device import Device
except ImportError:
    from device import Device

from camcors.http.buffers import Buffers
from camcors.http.clock import sleep_ms
from camcors.http.exchange import Exchange

SILENT = "silent"  # the client stays, and says no more; whatever it is late with, the time comes at once
CLOSED = "closed"  # the client ends its side
FULL = "full"  # silent, and all slots and places to wait are taken by another address


class Line:
    """A transport whose client sends one piece at a time, the next when the connection waits for one."""

    is_full = False
    is_secure = False
    slice_bytes = 32768

    def __init__(self, pieces, end, put):
        self._put = put
        self.is_stuck = False
        self.is_closed = False
        self._pieces = [piece for piece in pieces if piece]
        self._end = end
        self._never = asyncio.Event()

    def client(self):
        return ("127.0.0.1", 1)

    def take(self, inbox):
        return None

    def until_heard(self):
        return sleep_ms(0)

    async def receive(self, inbox):
        if self.is_closed:
            raise OSError(128)
        if self._pieces:
            buffer = inbox.room()
            piece = memoryview(self._pieces[0])
            size = min(len(piece), len(buffer))
            buffer[:size] = piece[:size]
            self._pieces[0] = piece[size:]
            if size == len(piece):
                self._pieces.pop(0)
            return size
        if self._end == CLOSED:
            return 0
        self.is_stuck = True
        await self._never.wait()

    def is_readable(self):
        return not self.is_closed and (bool(self._pieces) or self._end == CLOSED)

    def send(self, data, start, size):
        if self.is_closed:
            raise OSError(128)
        self._put(bytes(memoryview(data)[start : start + size]))
        return size

    def bound_unsent(self):
        pass

    async def drain(self):
        await sleep_ms(0)

    def close(self, is_lost=False):
        self.is_closed = True


class Holder:
    """A client that has a slot and keeps it."""

    address = "127.0.0.2"

    def __init__(self, limits):
        self.exchange = Exchange(limits, None, Buffers())
        self.exchange.run()


class Talker:
    """is_guarded: whether a policy and the guards are in force, as on the camera."""

    def __init__(self, limits, is_guarded=False):
        self.device = Device(limits, is_guarded)

    async def talk(self, pieces, end, put):
        """One connection, from its first byte to the close; what the client gets is put() piece by piece."""
        line = Line(pieces, end, put)
        server = self.device.server
        limits = server.limits
        waiters = limits.slot_waiters
        if end == FULL:
            limits.slot_waiters = 0
            server.admission.holders.extend([Holder(limits)] * limits.connections)
        task = asyncio.create_task(server._accept(line))
        while not task.done():
            await sleep_ms(0)
            if line.is_stuck:
                line.is_stuck = False
                connection = server._open[0]
                connection.meet_deadline(connection.exchange.deadline)
        if end == FULL:
            limits.slot_waiters = waiters
            server.admission.holders.clear()
        assert not server._open and not server.admission.holders and line.is_closed

    def counters(self):
        device = self.device
        counted = device.server.counters()
        counted.update(
            {
                "handled": device.handled,
                "opened": device.opened,
                "closed": device.closed,
                "lines": len(device.lines),
            }
        )
        return counted

    async def hear(self, pieces, end, put):
        """talk() -> what was counted of it, and the lines that were logged."""
        before = self.counters()
        await self.talk(pieces, end, put)
        counted = {name: count - before[name] for name, count in self.counters().items()}
        return {"counted": counted, "lines": self.device.lines[before["lines"] :]}


def show(piece):
    """Not all in one line: there may be no memory for it."""
    print(">" + piece.hex())


async def main(limits, is_guarded):
    talker = Talker(limits, is_guarded)
    while True:
        line = sys.stdin.readline().strip()
        if not line:  # the camera's console has no end of file
            break
        end, *pieces = json.loads(line)
        print(json.dumps(await talker.hear([bytes.fromhex(piece) for piece in pieces], end, show)))


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1]), sys.argv[2:] == ["guarded"]))
