"""The server: the listening socket, the cap on connections, and their deadlines."""

import asyncio

from cors.compat import const

from .connection import Connection
from .limits import Limits, sleep_ms, ticks_diff, ticks_ms

_SWEEP_MS = const(100)
_TURNED_AWAY = const(2)  # sockets above the cap that may be told so; more are closed unheard


class Server:
    """Listens, keeps the open connections and their deadlines, and counts. Owned by the camera.

    app: microdot.Microdot. limits: Limits. log: called with one line (str) for each fault of ours.
    It allocates one Connection and one task for each client.

    Deadlines are kept by one sweeping task that cancels the tasks of late connections.
    asyncio.wait_for would make a task and a closure for every single read, on MicroPython about
    as much heap as the rest of a request. The price: a time-out comes up to 0.1 s late.

    Counters (int): requests, refused (above the cap), rejected (not a request, or too large),
    timeouts, vanished, faults; `connections` is what is open now.
    """

    def __init__(self, app, limits=None, log=print):
        self.app = app
        self.limits = limits or Limits()
        self.requests = 0
        self.refused = 0
        self.rejected = 0
        self.timeouts = 0
        self.vanished = 0
        self.faults = 0
        self._log = log
        self._open = []
        self._serving = 0
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
            "requests": self.requests,
            "refused": self.refused,
            "rejected": self.rejected,
            "timeouts": self.timeouts,
            "vanished": self.vanished,
            "faults": self.faults,
        }

    async def start(self, host, port):
        """Listens on `host` (str) and `port` (int); raises OSError if it cannot."""
        self._listener = await asyncio.start_server(self._accept, host, port, backlog=self.limits.connections)
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
        sockets = getattr(self._listener, "sockets", None)
        return sockets[0].getsockname()[:2] if sockets else None

    def fault(self, error):
        """Counts and logs an exception that is ours, not the client's."""
        self.faults += 1
        self._log("camcors: a connection failed: " + repr(error))

    async def _accept(self, reader, writer):
        connection = Connection(self, reader, writer)
        self._open.append(connection)
        try:
            if self._serving < self.limits.connections:
                await self._serve(connection)
            else:
                self.refused += 1
                if len(self._open) - self._serving <= _TURNED_AWAY:
                    await connection.turn_away()
        except asyncio.CancelledError:
            pass  # by close(): nobody waits for this task
        finally:
            await connection.aclose()
            self._open.remove(connection)

    async def _serve(self, connection):
        self._serving += 1
        try:
            await connection.serve()
        finally:
            self._serving -= 1

    async def _sweep(self):
        while True:
            now = ticks_ms()
            for connection in self._open:
                deadline = connection.deadline
                if deadline is not None and ticks_diff(deadline, now) <= 0:
                    connection.expire()
            await sleep_ms(_SWEEP_MS)
