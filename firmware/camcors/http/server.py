"""The server: the listening socket, the open connections, and their deadlines."""

import asyncio

from strict.compat import const

from ..limits import TOLD, Limits
from .admission import Admission
from .buffers import Buffers
from .clock import sleep_ms, ticks_diff, ticks_ms
from .connection import Connection
from .listener import listen
from .methods import is_taken

_SWEEP_MS = const(100)


class Server:
    """Listens, keeps the open connections and their deadlines, and counts. Owned by the camera.

    app: microdot.Microdot. limits: Limits. log: called with one line (str) for each fault of ours.
    takes: whether a route takes a method (function of str).
    It allocates one Connection and one task for each client.

    Deadlines are kept by one sweeping task that cancels the tasks of late connections.
    asyncio.wait_for would make a task and a closure for every single read, on MicroPython about
    as much heap as the rest of a request. The price: a time-out comes up to 0.1 s late.

    trusted_proxies: addresses (of str) of clients whose X-Forwarded headers count. handshakes: those of TLS,
    None until it has listened for them.

    Who gets a slot, and who gives one up, is decided in slots.py.

    Counters (int): accepted (connections), requests, evicted (for another client), refused (found no
    slot), rejected (not a request, or too large), timeouts, vanished, faults; `connections` is what is
    open now, those who wait for a slot among them. has_answered: whether a request was answered (bool).
    """

    def __init__(self, app, limits=None, log=print):
        self.app = app
        self.limits = limits or Limits()
        self.accepted = 0
        self.requests = 0
        self.has_answered = False
        self.evicted = 0
        self.refused = 0
        self.rejected = 0
        self.timeouts = 0
        self.vanished = 0
        self.faults = 0
        self.takes = lambda method: is_taken(app, method)
        self._log = log
        self._open = []
        self.trusted_proxies = ()
        self.admission = Admission(self.limits, self._evict)
        self.handshakes = None
        self._told = 0
        self.buffers = Buffers()
        self._listener = None
        self._secure_listener = None
        self._sweeper = None
        self._is_closed = False

    @property
    def connections(self):
        """How many connections are open now (int)."""
        return len(self._open)

    def counters(self):
        """Return the counters by name, for /api/status (dict of int)."""
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
            "tls_failed": self.handshakes.failed if self.handshakes else 0,
        }

    async def start(self, host, port):
        """Listen on `host` (str) and `port` (int); raise OSError if it cannot."""
        self._listener = await listen(self._accept, host, port, self._backlog())
        self._start_sweeper()

    async def start_secure(self, host, port, context):
        """Listen for TLS, or take another certificate for new connections. context: tls.SSLContext with it.
        Raise OSError, or RuntimeError where there is no memory for a thread."""
        # Only now: a camera that serves plain http alone has no use for what they take of the heap.
        from .handshakes import Handshakes
        from .secure import SecureTransport

        if self.handshakes is None:
            self.handshakes = Handshakes(self.limits, self._evict)
        self.handshakes.context = context
        if self._secure_listener is None:
            self.handshakes.start()
            self._secure_listener = await listen(self._accept, host, port, self._backlog(), SecureTransport)
            self._start_sweeper()

    async def stop(self):
        """Listen no more for plain HTTP; open connections go on."""
        listener, self._listener = self._listener, None
        await _end(listener)

    async def stop_secure(self):
        """Listen no more for TLS; open connections go on."""
        listener, self._secure_listener = self._secure_listener, None
        await _end(listener)

    def _backlog(self):
        return self.limits.connections + self.limits.slot_waiters

    def _start_sweeper(self):
        if self._sweeper is None:
            self._sweeper = asyncio.create_task(self._sweep())

    async def close(self):
        """Stop listening and drop every connection."""
        if self._sweeper is None:
            return
        self._is_closed = True
        self._sweeper.cancel()
        self._sweeper = None
        listeners = [each for each in (self._listener, self._secure_listener) if each is not None]
        self._listener = self._secure_listener = None
        for listener in listeners:
            listener.close()
        for connection in list(self._open):
            connection.task.cancel()
        for listener in listeners:
            await listener.wait_closed()  # on CPython it waits for their connections, too
        while self._open:
            await sleep_ms(5)
        if self.handshakes:
            await self.handshakes.stop()

    def address(self):
        """(host, port) really bound on CPython, None where sockets cannot tell (MicroPython)."""
        sockets = self._listener.sockets
        return sockets[0].getsockname()[:2] if sockets else None

    def fault(self, error):
        """Count and log an exception that is ours, not the client's."""
        self.faults += 1
        try:
            self._log("camcors: a connection failed: " + repr(error))
        except MemoryError:
            pass  # it is counted

    async def _accept(self, transport):
        self.accepted += 1
        if self._is_closed:  # close() could not see it
            transport.close(True)
            return
        connection = self._make_connection(transport)
        if connection is None:
            return
        try:
            if self.admission.take(connection) or await self.admission.wait(connection):
                # An idle client is waited for in this coroutine alone; those of serve() hold half a kilobyte.
                while await connection.serve():
                    await connection.until_heard()
            else:
                await self._refuse(connection)
        except asyncio.CancelledError:
            pass  # by close(), and nobody waits for this task; or an idle client's end, which is told nobody
        except MemoryError as error:
            self.fault(error)
            connection.tell_no_memory()
        finally:
            self._open.remove(connection)
            self._told -= connection.is_told
            connection.close()
            self.admission.leave(connection)

    def _make_connection(self, transport):
        """Return the client's Connection, or None if there is no memory for one."""
        try:
            connection = Connection(self, transport)
            self._open.append(connection)
            return connection
        except MemoryError as error:
            transport.tell_no_memory(False)
            transport.close()
            self.fault(error)
            return None

    def _evict(self, connection):
        """End a connection that has lost its slot."""
        self.evicted += 1
        connection.evict(self._told < TOLD)
        self._told += connection.is_told

    async def _refuse(self, connection):
        self.refused += 1
        if self._told < TOLD:
            self._told += 1
            connection.is_told = True
            await connection.turn_away()

    async def _sweep(self):
        while True:
            try:
                now = ticks_ms()
                self.buffers.spare()
                for connection in self._open:
                    deadline = connection.exchange.deadline
                    if deadline is not None and ticks_diff(deadline, now) <= 0:
                        connection.meet_deadline(now)
                if self.admission.waiting:
                    self.admission.settle()
            except MemoryError:
                pass  # the next round looks again
            await sleep_ms(_SWEEP_MS)


async def _end(listener):
    if listener is not None:
        listener.close()
        await listener.wait_closed()
