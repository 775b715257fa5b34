"""The listening socket, the same on both interpreters: hands each client over as asyncio's streams."""

import asyncio
import socket

try:
    from asyncio import core
except ImportError:  # CPython, whose asyncio.start_server does all this
    core = None

from cors.compat import const

from .limits import sleep_ms

_PAUSE_MS = const(50)


def _readable(socket):
    yield core._io_queue.queue_read(socket)


class Listener:
    """On MicroPython. asyncio.start_server's own loop there ends with the first allocation that fails, and
    the port is deaf from then on; and where it cannot bind, its socket stays open.

    accept: called for each client with (reader, writer), a coroutine function. Raises OSError if it cannot
    listen on `host` (str) and `port` (int). backlog: clients that may wait (int).
    """

    sockets = None  # they cannot tell where they are bound

    def __init__(self, accept, host, port, backlog):
        self._accept = accept
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
        """Stops listening."""
        self._task.cancel()

    async def wait_closed(self):
        """Waits until the socket is closed."""
        await self._task

    async def _serve(self):
        try:
            while True:
                try:
                    await _readable(self._socket)
                    self._take()
                except (OSError, MemoryError):  # the client has left, or there is no socket or memory for it
                    core._io_queue.remove(core.cur_task)
                    await sleep_ms(_PAUSE_MS)
        except asyncio.CancelledError:
            self._socket.close()

    def _take(self):
        client, address = self._socket.accept()
        try:
            client.setblocking(False)
            stream = asyncio.StreamReader(client, {"peername": address})
            asyncio.create_task(self._accept(stream, stream))  # noqa: RUF006 (the queue of tasks holds it)
        except MemoryError:
            client.close()
            raise


async def listen(accept, host, port, backlog):
    """A Listener, on CPython asyncio's server, which has the same methods."""
    if core:
        return Listener(accept, host, port, backlog)
    return await asyncio.start_server(accept, host, port, backlog=backlog)
