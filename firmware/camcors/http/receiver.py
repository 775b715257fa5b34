"""What a client sends, read over one buffer that the server uses again: heads and bodies."""

from strict.compat import const

from .head import Refusal, check_start
from .salvage import describe_long

_NONE = bytearray(0)
_CR = const(13)


class Receiver:
    """The reading half of a connection; a handler finds it as `request.sock[0]`.

    listen: called when is_heard has changed: whether a handler waits for its client.

    It reads over a buffer that the server lends it until release(). A head that is longer gets a larger one
    of its own. Bytes that came with a request and belong to the next one stay in the buffer.
    The end of a body is never missed, so that no byte of it can pass for a request.

    is_used: whether a handler has read here, past what the server knows of the framing.
    is_head: whether the head that is read now, or was read last, is of a HEAD request, whose answer
    has no content.
    """

    is_heard = False  # in the class, since few handlers read

    def __init__(self, transport, listen):
        self.is_used = False
        self.is_head = False
        self._transport = transport
        self._listen = listen
        self._lent = self._buffer = self._view = _NONE
        self._start = 0  # what is unread lies from here
        self._end = 0  # to here
        self._searched = 0  # no end of the head begins before this
        self._is_fresh = True  # whether the head's first bytes are still to be looked at

    def lend(self, buffer):
        """Reads over `buffer` (bytearray) from now on."""
        self._lent = self._buffer = buffer
        self._view = memoryview(buffer)

    @property
    def unread(self):
        """How many bytes were received and not yet taken (int)."""
        return self._end - self._start

    @property
    def has_begun(self):
        """Whether something of a request is there; half an empty line before it is nothing."""
        return self.unread > 1 or (self.unread == 1 and self._buffer[self._start] != _CR)

    async def fill(self):
        """Receives once -> number of bytes, 0 at the client's end."""
        if self._start == self._end:
            self._start = self._end = self._searched = 0
            if self._buffer is not self._lent:
                self._use(self._lent)
            count = await self._transport.receive(self._buffer)
        else:
            if self._end == len(self._buffer):
                self._make_room()
            count = await self._transport.receive(self._view[self._end :])
        self._end += count
        return count

    def _use(self, buffer):
        self._buffer = buffer
        self._view = memoryview(buffer)

    def _make_room(self):
        """Moves what is unread to the front, of a buffer twice as large if it fills this one."""
        unread = bytes(self._view[self._start : self._end])
        size = len(unread)
        if size == len(self._buffer):
            self._use(bytearray(2 * size))
        self._view[:size] = unread
        self._searched -= self._start
        self._start, self._end = 0, size

    def take_head(self, most):
        """The next head without its empty line (bytes), None as long as it is not all there.

        Raises Refusal if it is longer than `most` bytes or begins as no request does.
        """
        if self._is_fresh:
            self._skip_empty_line()
        if not self.has_begun:
            return None
        start = self._start
        self.see_method()
        end = self._buffer.find(b"\r\n\r\n", self._searched, self._end)
        if (self.unread + 1 if end < 0 else end + 4 - start) > most:
            raise Refusal(431, describe_long(self.peek(), most))
        if end >= 0:
            self._start = self._searched = end + 4
            self._is_fresh = True
            return bytes(self._view[start:end])
        if self._is_fresh:
            self._is_fresh = False
            check_start(self.peek())
        self._searched = max(self._end - 3, start)
        return None

    def peek(self):
        """What is unread (bytes); it stays unread."""
        return bytes(self._view[self._start : self._end])

    def see_method(self):
        """Sets is_head by what is unread, the beginning of a head."""
        self.is_head = self.unread > 4 and self._buffer.startswith(b"HEAD ", self._start)

    def _skip_empty_line(self):
        """Forgives one before a request line, RFC 9112 section 2.2."""
        if self.unread > 1 and self._buffer.startswith(b"\r\n", self._start):
            self._start += 2
            self._searched = self._start

    async def read_body(self, length):
        """The next `length` bytes. Raises Refusal if the client ends before them."""
        size = min(self.unread, length)
        start = self._start
        self._start = self._searched = start + size
        if size == length:
            return bytes(self._view[start : start + size])
        body = bytearray(length)
        view = memoryview(body)
        view[:size] = self._view[start : start + size]
        while size < length:
            count = await self._transport.receive(view[size:])
            if not count:
                raise Refusal(400, "the body is shorter than its Content-Length")
            size += count
        return bytes(body)  # a handler, and microdot's form, expect bytes

    async def read_chunks(self, chunks):
        """Fills `chunks` (Chunks) until they are over. Raises Refusal if the client ends before them."""
        while True:
            self._start = self._searched = chunks.take(self._buffer, self._start, self._end)
            if chunks.is_over:
                return
            if not await self.fill():
                raise Refusal(400, "the body ends before its last chunk")

    async def drop(self, most):
        """Receives and forgets until the client's end, or until `most` bytes have come, those that are
        there among them."""
        most -= self.unread
        self._start = self._end
        while most > 0 and (count := await self.fill()):
            most -= count
            self._start = self._end

    def release(self):
        """The buffer that the server lent (bytearray); nothing can be read any more."""
        lent = self._lent
        self._start = self._end = 0
        self._lent = self._buffer = self._view = _NONE
        return lent

    # What microdot's WebSocket asks for.

    async def read(self, n=-1):
        """Up to `n` bytes (all until the end if -1), b"" at the end."""
        self.is_used = True
        if not self.unread and n:
            await self._hear()
        size = self.unread if n < 0 else min(self.unread, n)
        data = bytes(self._view[self._start : self._start + size])
        self._start += size
        while n < 0 and await self._hear():
            data += bytes(self._view[: self._end])
            self._start = self._end
        return data

    async def _hear(self):
        """fill() for a handler, whose wait has a limit of its own."""
        self.is_heard = True
        self._listen()
        try:
            return await self.fill()
        finally:
            self.is_heard = False
            self._listen()

    async def readexactly(self, n):
        """`n` bytes; raises EOFError if they do not come."""
        data = b""
        while len(data) < n:
            piece = await self.read(n - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data
