"""A client's socket, the same on both interpreters: what arrives goes into the caller's buffer, and
what is sent is not copied."""

import select
import sys

from strict.compat import const

from .clock import sleep_ms
from .waits import core, until_ready

try:
    from _receive import receive
except ImportError:  # CPython, and an image that others have built

    def receive(socket, buffer):
        """Put into `buffer` what is there -> how many bytes (int), None for none, 0 at the end."""
        return socket.readinto(buffer)


_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)
_SOL_SOCKET = const(1)  # Linux's numbers, of which MicroPython's module socket has the first only
_SO_SNDBUF = const(7)
_IS_LINUX = sys.platform == "linux"
#: Linux doubles it for what it needs itself (socket(7)). Its own choice grows to megabytes for a viewer that
#: is slow, seconds of pictures; this is a fifth of a second at 300 kB/s.
_UNSENT_BYTES = const(32768)
_ENOTCONN = const(128)  # lwIP's
_FAULTS = (OSError, MemoryError)
#: What a socket is given at a time: a picture, in most cases. A computer copies it in ten microseconds or so;
#: lwIP takes no more than its own buffer holds.
_SLICE_BYTES = const(32768)

#: What a client is told where no other answer has room in the heap. Made before, so it lies in flash.
_NO_MEMORY = (
    b"HTTP/1.1 503 Service Unavailable\r\nX-Content-Type-Options: nosniff\r\n"
    b"Content-Type: application/json; charset=UTF-8\r\nCache-Control: no-store\r\n"
    b"Content-Length: 80\r\nRetry-After: 2\r\nConnection: close\r\n\r\n"
    b'{"error": "the camera has no memory left for this request", "code": "no-memory"}'
)
_CONTENT_AT = _NO_MEMORY.find(b"{")
_scrap = bytearray(64)  # where bytes go that nobody reads
_SCRAPS = const(32)

# A client that left: EPIPE, ECONNABORTED, ECONNRESET, ENOTCONN, ETIMEDOUT, with the numbers of
# Linux and of lwIP on the ESP32.
_VANISHED = (32, 103, 104, 107, 110, 113, 116, 118, 128)

# CPython raises some vanished clients without a number; MicroPython has no such class.
_CONNECTION_ERRORS = (ConnectionError,) if sys.implementation.name == "cpython" else ()


def is_lost(error):
    """Return whether `error` (OSError) says that the client has left."""
    number = error.args[0] if error.args else None
    return isinstance(error, _CONNECTION_ERRORS) or number in _VANISHED


def _bound_unsent(socket):
    """Have the system keep little of what `socket` takes and the client does not: old pictures.

    lwIP has no such option, and needs none: its buffer is small (sdkconfig, LWIP_TCP_SND_BUF_DEFAULT). The
    ESP32's setsockopt() prints a warning for each option that it does not know (modsocket.c).
    """
    if _IS_LINUX:
        try:
            socket.setsockopt(_SOL_SOCKET, _SO_SNDBUF, _UNSENT_BYTES)
        except OSError:
            pass  # pictures come late, if they come


def _send_at_once(socket):
    """Nagle's algorithm would hold the end of an answer until the client acknowledges the rest."""
    try:
        socket.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)
    except OSError:
        pass  # the client has left, as the first read will tell


def _client_of(address):
    """Return the client's address as microdot has it: (host, port)."""
    if isinstance(address, (bytes, bytearray)):  # on unix: a struct sockaddr_in
        return _host_of(address), address[2] << 8 | address[3]
    return address


def _host_of(packed):
    """Return the host (str) of a struct sockaddr_in (bytes), made again only if it is not the last one's."""
    if packed[4:8] != _last[0]:
        _last[:] = packed[4:8], "{}.{}.{}.{}".format(*packed[4:8])
    return _last[1]


_last = [b"", ""]


def is_readable(socket):
    """Return whether a socket has bytes, or the client's end."""
    poller = select.poll()
    poller.register(socket, select.POLLIN)
    try:
        return bool(poller.poll(0))
    except OSError:  # EIO, where lwIP has no memory to look
        return False


def _drop_unread(socket):
    """Read what is there and forget it, within limits: closed with bytes unread, TCP takes the answer back
    (RFC 9112 section 9.6). Allocates nothing."""
    for _ in range(_SCRAPS):
        if not receive(socket, _scrap):
            return


def tell_no_memory(socket, is_head=False):
    """Send over `socket` that there is no memory for an answer, as one to a HEAD if `is_head`. Allocates
    nothing and raises nothing."""
    try:
        _drop_unread(socket)
        socket.write(_NO_MEMORY, 0, _CONTENT_AT if is_head else len(_NO_MEMORY))
    except _FAULTS:
        pass  # it is closed without a word


class _Transport:
    """On MicroPython: waits as asyncio.Stream does, without the copies that Stream makes.

    take(), receive() and send() raise OSError if the connection is lost, or was closed. is_secure: whether it
    speaks TLS. slice_bytes: how much to send at most before the others have their turn (int).
    """

    is_secure = False
    slice_bytes = _SLICE_BYTES

    def __init__(self, socket, address):
        self.is_full = False
        self._socket = self._raw = socket  # a poller watches the raw one, whatever is spoken
        self._client = _client_of(address)
        _send_at_once(socket)

    def take(self, inbox):
        """Put what is there into the room() of `inbox` (Inbox) -> number of bytes, 0 at the end, None for
        nothing yet."""
        if not self._socket:
            raise OSError(_ENOTCONN)
        return receive(self._socket, inbox.room())

    async def receive(self, inbox):
        """take(), after a wait until something is there."""
        count = None
        while count is None:
            inbox.rest()
            await self.until_heard()
            count = self.take(inbox)
        return count

    def until_heard(self):
        """Awaitable, at once, that ends when something may be there; or ends soon, and receive() waits."""
        return until_ready(self._socket, select.POLLIN) if self._socket else sleep_ms(0)

    def is_readable(self):
        """Return whether receive() would not wait."""
        return bool(self._socket) and is_readable(self._socket)

    def send(self, data, start, size):
        """Send of `data`, from `start` on, at most `size` bytes -> how many the socket took.

        Wait for drain() before the next call if `is_full` is set then.
        """
        if not self._socket:
            raise OSError(_ENOTCONN)
        count = self._socket.write(data, start, size) or 0
        self.is_full = count < size
        return count

    def tell_no_memory(self, is_head):
        """Send the answer that needs no memory, before close()."""
        if self._socket:
            tell_no_memory(self._socket, is_head)

    def bound_unsent(self):
        """Have the system keep little that is sent and not taken, from now on: for a stream, whose viewer
        would see old pictures. Other answers end, and leave their slot sooner without it."""
        if self._socket:
            _bound_unsent(self._raw)

    def drain(self):
        """Awaitable, at once, that ends when the socket takes bytes again."""
        return until_ready(self._raw, select.POLLOUT)

    def client(self):
        """Return the client's address as microdot has it: (host, port)."""
        return self._client

    def close(self, is_lost=False):
        """Close the socket; `is_lost` is for CPython, which would wait for unsent bytes."""
        # Once only: on unix a second close would hit whoever has got the same number since.
        if self._socket:
            self._socket.close()
            self._socket = None


if core is None:

    class _StreamTransport:
        """On CPython: over asyncio's pair of streams, which has set TCP_NODELAY already."""

        is_secure = False
        slice_bytes = _SLICE_BYTES

        def __init__(self, reader, writer):
            self.is_full = True  # what was written may not be touched before drain() is over
            self._reader = reader
            self._writer = writer
            writer.transport.set_write_buffer_limits(0)  # so that drain() returns when all is sent

        def take(self, inbox):
            return None  # whether asyncio has read something, it tells nobody in public

        def until_heard(self):
            return sleep_ms(0)

        async def receive(self, inbox):
            buffer = inbox.room()
            data = await self._reader.read(len(buffer))
            buffer[: len(data)] = data
            return len(data)

        def is_readable(self):
            if self._writer.is_closing():
                return False
            # What asyncio has read already, it tells nobody in public.
            return bool(self._reader._buffer) or is_readable(self._writer.get_extra_info("socket"))

        def send(self, data, start, size):
            if self._writer.is_closing():
                raise OSError(_ENOTCONN)
            piece = memoryview(data)[start : start + size]
            self._writer.write(piece)
            return len(piece)

        def tell_no_memory(self, is_head):
            self._writer.write(_NO_MEMORY[:_CONTENT_AT] if is_head else _NO_MEMORY)

        def bound_unsent(self):
            _bound_unsent(self._writer.get_extra_info("socket"))

        def drain(self):
            return self._writer.drain()

        def client(self):
            return self._writer.get_extra_info("peername")

        def close(self, is_lost=False):
            if is_lost:
                self._writer.transport.abort()
            self._writer.close()


Transport = _Transport if core else _StreamTransport
