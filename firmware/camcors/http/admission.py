"""The slots, and the clients that wait for one: does what slots.py decides."""

import asyncio

from . import slots
from .clock import ticks_diff, ticks_ms
from .phases import WAITING
from .waits import until_set


class Admission:
    """Owned by the Server, which calls settle() as long as somebody waits, since time alone may make room.

    limits: Limits. evict: called with a connection that has just lost its slot, to end it. A client is a
    Connection, whose address, exchange and gives_way() are used here.

    holders: who has a slot. waiting: who waits for one, in the order of their coming. It allocates nothing
    for a client that finds a free slot, and nothing to take one away.
    """

    def __init__(self, limits, evict):
        self.holders = []
        self.waiting = []
        self._limits = limits
        self._evict = evict
        self._change = asyncio.Event()

    def take(self, client):
        """Give a free slot to `client`, unless others wait for one; return whether it has got one."""
        if self.waiting or len(self.holders) >= self._limits.connections:
            return False
        self.holders.append(client)
        return True

    async def wait(self, client):
        """Wait for a slot; return whether `client` has got one."""
        client.exchange.enter(WAITING, ticks_ms())
        self.waiting.append(client)
        try:
            self.settle()
            if len(self.waiting) > self._limits.slot_waiters:
                self._send_on(slots.surplus(self.waiting, self.holders))
            while client in self.waiting:
                await until_set(self._change)
        finally:
            if client in self.waiting:
                self.waiting.remove(client)
        return client in self.holders

    def leave(self, client):
        """Take the slot of `client` back, if it has one."""
        if client in self.holders:
            self.holders.remove(client)
        if self.waiting:
            try:
                self.settle()
            except MemoryError:
                pass  # the Server's next call settles it

    def is_last(self, client):
        """Return whether the answer to `client` ends its connection, since somebody waits for the slot."""
        return slots.is_last(client, self.waiting, self.holders)

    def settle(self):
        """Give slots to those who wait, and send away who has waited long enough."""
        now = ticks_ms()
        while self.waiting:
            client = slots.next_in_turn(self.waiting, self.holders)
            if self._is_full() and not self._make_room(client, now):
                break
            self._admit(client)
        while self.waiting and ticks_diff(now, self.waiting[0].exchange.since) >= self._limits.slot_wait_ms:
            client = self.waiting[0]
            giver = slots.last_resort(self.holders, client, now)
            if giver is None:
                self._send_on(client)
            else:
                self._take_away(giver)
                self._admit(client)

    def _is_full(self):
        return len(self.holders) >= self._limits.connections

    def _make_room(self, client, now):
        """Take a slot away for `client`; return whether one could be."""
        while True:
            giver = slots.giver(self.holders, client, now)
            if giver is None:
                return False
            if giver.gives_way(now):  # else it counts as busy for a moment, and another one may do
                self._take_away(giver)
                return True

    def _take_away(self, holder):
        self.holders.remove(holder)
        self._evict(holder)

    def _admit(self, client):
        self.holders.append(client)
        self._send_on(client)

    def _send_on(self, client):
        """Let `client` wait no longer, with a slot or without."""
        self.waiting.remove(client)
        self._change.set()
        self._change.clear()
