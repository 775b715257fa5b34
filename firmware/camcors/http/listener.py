"""The listening socket: hands each client's transport to the server."""

import asyncio
import select
import socket

from strict.compat import const

from .clock import sleep_ms
from .transport import Transport, tell_no_memory
from .waits import core, until_ready

_PAUSE_MS = const(50)
_FAILURES = (OSError, MemoryError)  # made once: a tuple in an `except` is allocated when something is raised


class Listener:
    """For MicroPython, whose asyncio.start_server ends with the first allocation that fails: the port is deaf
    from then on. And where that cannot bind, its socket stays open. Owned by the Server; a client allocates
    its transport and its task.

    accept: coroutine function, called with each client's Transport. make: gives that for (socket, address);
    Transport, or secure.SecureTransport. Raises OSError if it cannot listen on
    `host` (str) and `port` (int). backlog: clients that may wait (int).
    """

    sockets = None  # they cannot tell where they are bound

    def __init__(self, accept, host, port, backlog, make):
        self._accept = accept
        self._make = make
        self._socket = socket.socket()
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(socket.getaddrinfo(host, port)[0][-1])
            self._socket.listen(backlog)
            self._socket.setblocking(False)
        except OSError:
            self._socket.close()
            raise
        self._task = asyncio.create_task(self._serve())

    def close(self):
        """Stop listening."""
        self._task.cancel()

    async def wait_closed(self):
        """Wait until the socket is closed."""
        await self._task

    async def _serve(self):
        try:
            while True:
                try:  # in no function of its own, whose coroutine would be an allocation that may fail
                    await until_ready(self._socket, select.POLLIN)
                    self._take()
                except _FAILURES:  # the client has left, or there is no socket or memory for it
                    await sleep_ms(_PAUSE_MS)
        except asyncio.CancelledError:
            self._socket.close()

    def _take(self):
        client, address = self._socket.accept()
        try:
            client.setblocking(False)
            transport = self._make(client, address)
            asyncio.create_task(self._accept(transport))  # noqa: RUF006 (the queue of tasks holds it)
        except Exception as error:
            if isinstance(error, MemoryError) and self._make is Transport:
                tell_no_memory(client)
            client.close()
            raise


async def listen(accept, host, port, backlog, make=Transport):
    """Return a Listener, on CPython asyncio's server, which has the same methods."""
    if core:
        listener = Listener(accept, host, port, backlog, make)
        await sleep_ms(0)  # its task has begun now, so that close() finds it waiting
        return listener
    return await asyncio.start_server(
        lambda reader, writer: accept(Transport(reader, writer)), host, port, backlog=backlog
    )
