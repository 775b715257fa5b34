"""The server: the listening socket, the cap on connections, and their deadlines."""

import asyncio

from cors.compat import const

from .connection import Connection
from .limits import Limits, sleep_ms, ticks_diff, ticks_ms
from .listener import listen

_SWEEP_MS = const(100)
_BUFFER = const(1024)  # a browser's head is 500 to 900 bytes
_LOOKS = const(10)  # at idle clients whose bytes come first; some send empty lines for ever
_TURNED_AWAY = const(2)  # sockets above the cap that may be told so; more are closed unheard


class Server:
    """Listens, keeps the open connections and their deadlines, and counts. Owned by the camera.

    app: microdot.Microdot. limits: Limits. log: called with one line (str) for each fault of ours.
    It allocates one Connection and one task for each client, and lends it a buffer, of which it
    makes as many as there are connections at a time.

    Deadlines are kept by one sweeping task that cancels the tasks of late connections.
    asyncio.wait_for would make a task and a closure for every single read, on MicroPython about
    as much heap as the rest of a request. The price: a time-out comes up to 0.1 s late.

    When all slots are taken, a new client gets that of the connection that has waited longest for
    its next request, which is closed; if there is none, 503. A client that connected and then said
    nothing for a second counts as waiting too: browsers open connections in advance.

    Counters (int): accepted (connections), requests, evicted (idle, for a new client), refused
    (above the cap), rejected (not a request, or too large), timeouts, vanished, faults;
    `connections` is what is open now.
    """

    def __init__(self, app, limits=None, log=print):
        self.app = app
        self.limits = limits or Limits()
        self.accepted = 0
        self.requests = 0
        self.evicted = 0
        self.refused = 0
        self.rejected = 0
        self.timeouts = 0
        self.vanished = 0
        self.faults = 0
        self._log = log
        self._open = []
        self._free_slots = self.limits.connections
        self._turning_away = 0
        self._buffers = []
        self._listener = None
        self._sweeper = None

    @property
    def connections(self):
        """How many connections are open now (int)."""
        return len(self._open)

    def counters(self):
        """The counters by name, for /api/status (dict of int)."""
        return {
            "connections": len(self._open),
            "accepted": self.accepted,
            "requests": self.requests,
            "evicted": self.evicted,
            "refused": self.refused,
            "rejected": self.rejected,
            "timeouts": self.timeouts,
            "vanished": self.vanished,
            "faults": self.faults,
        }

    async def start(self, host, port):
        """Listens on `host` (str) and `port` (int); raises OSError if it cannot."""
        self._listener = await listen(self._accept, host, port, self.limits.connections)
        self._sweeper = asyncio.create_task(self._sweep())

    async def close(self):
        """Stops listening and drops every connection."""
        self._listener.close()
        self._sweeper.cancel()
        for connection in list(self._open):
            connection.task.cancel()
        await self._listener.wait_closed()
        while self._open:
            await sleep_ms(5)

    def address(self):
        """(host, port) really bound on CPython, None where sockets cannot tell (MicroPython)."""
        sockets = self._listener.sockets
        return sockets[0].getsockname()[:2] if sockets else None

    def fault(self, error):
        """Counts and logs an exception that is ours, not the client's."""
        self.faults += 1
        try:
            self._log("camcors: a connection failed: " + repr(error))
        except MemoryError:
            pass  # it is counted

    async def _accept(self, transport):
        self.accepted += 1
        connection = self._make_connection(transport)
        if connection is None:
            return
        try:
            connection.has_slot = await self._take_slot()
            if connection.has_slot:
                await connection.serve()
            else:
                await self._refuse(connection)
        except asyncio.CancelledError:
            pass  # by close(): nobody waits for this task
        except MemoryError as error:
            self.fault(error)
        finally:
            if connection.has_slot:
                self._free_slots += 1
            self._open.remove(connection)
            self._buffers.append(connection.close())

    def _make_connection(self, transport):
        """The client's Connection, or None if there is no memory for one."""
        try:
            buffer = self._buffers.pop() if self._buffers else bytearray(_BUFFER)
            connection = Connection(self, transport, buffer)
            self._open.append(connection)
            return connection
        except MemoryError as error:
            transport.close(True)
            self.fault(error)
            return None

    async def _take_slot(self):
        """Whether a new client is served; closes an idle connection for it if need be."""
        looks = _LOOKS
        while not self._free_slots:
            idle = self._longest_idle()
            if idle is None:
                return False
            if not looks or not idle.has_news():
                self.evicted += 1
                idle.evict()
                return True
            looks -= 1
            await sleep_ms(1)  # its next request, or its end, is there and comes first
        self._free_slots -= 1
        return True

    def _longest_idle(self):
        longest = None
        longest_ms = -1
        now = ticks_ms()
        for connection in self._open:
            if connection.has_slot and connection.idle_since is not None:
                idle_ms = ticks_diff(now, connection.idle_since)
                if idle_ms > longest_ms:
                    longest, longest_ms = connection, idle_ms
        return longest

    async def _refuse(self, connection):
        self.refused += 1
        if self._turning_away < _TURNED_AWAY:
            self._turning_away += 1
            try:
                await connection.turn_away()
            finally:
                self._turning_away -= 1

    async def _sweep(self):
        while True:
            try:
                now = ticks_ms()
                for connection in self._open:
                    deadline = connection.deadline
                    if deadline is not None and ticks_diff(deadline, now) <= 0:
                        connection.meet_deadline(now)
            except MemoryError:
                pass  # the next round looks again
            await sleep_ms(_SWEEP_MS)
