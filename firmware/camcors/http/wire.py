"""Both ways of a connection: what the client sends is waited for; answers go out in one write if they are
small, in slices without copies else."""

from microdot import Response

from .clock import sleep_ms, ticks_ms

_FAULTS = (OSError, MemoryError)


class Wire:
    """Fills the exchange's inbox and sends; a handler finds it as both of `request.sock`.

    exchange: told when a wait begins and ends, and when a piece goes out.
    is_used: whether a handler has read or written here itself, past what the exchange knows of the framing.
    """

    is_used = False  # in the class, since few handlers do
    _sent = 0  # bytes of a part that have gone by offer()

    def __init__(self, transport, exchange):
        self._transport = transport
        self._exchange = exchange

    # What the client sends.

    def fill_at_once(self):
        """fill() without a wait -> number of bytes, 0 where it is to be waited for, and at the end."""
        inbox = self._exchange.inbox
        count = self._transport.take(inbox)
        if not count:
            inbox.rest()
            return 0
        inbox.add(count)
        return count

    async def fill(self):
        """Receive once -> number of bytes, 0 at the client's end."""
        inbox = self._exchange.inbox
        count = await self._transport.receive(inbox)
        inbox.add(count)
        return count

    async def drop(self, most):
        """Receive and forget until the client's end, or until `most` bytes have come, those that are
        there among them."""
        inbox = self._exchange.inbox
        most -= inbox.unread
        inbox.drop()
        while most > 0 and (count := await self.fill()):
            most -= count
            inbox.drop()

    async def pause(self, duration_ms):
        """Hold an answer back; who wants the slot meanwhile gets it, and the client none."""
        self._exchange.delay(ticks_ms())
        await sleep_ms(duration_ms)
        self._exchange.run()

    # An answer.

    async def send(self, data):
        """Send `data` (bytes-like) within the write time-out, or is cancelled."""
        start = self._push(data, 0)
        if start == len(data) and not self._transport.is_full:
            self._exchange.pass_by(ticks_ms())
            return
        # Once for all slices: a client that takes a few bytes now and then must not hold its slot.
        self._exchange.send(ticks_ms())
        await self._pause()
        while start < len(data):
            start = self._push(data, start)
            if self._transport.is_full or start < len(data):
                await self._pause()
        if self._exchange.sent():
            self._exchange.listen(ticks_ms())

    def _push(self, data, start):
        """Send a slice of `data` from `start` on -> where the rest begins (int)."""
        transport = self._transport
        size = min(len(data) - start, transport.slice_bytes)
        return start + transport.send(data, start, size)

    def _pause(self):
        """Awaitable, at once, between two slices."""
        return self._transport.drain() if self._transport.is_full else sleep_ms(0)

    async def send_pieces(self, body):
        """Send a body of unknown length: a stream's Viewer, an async iterator, a file or an iterator."""
        if hasattr(body, "next_part"):
            await self._send_parts(body)
        elif hasattr(body, "__aiter__") or hasattr(body, "__anext__"):
            pieces = body.__aiter__() if hasattr(body, "__aiter__") else body
            while True:
                try:
                    piece = await pieces.__anext__()
                except StopAsyncIteration:
                    return
                await self._send_piece(piece)
        elif hasattr(body, "read"):
            piece = True
            while piece:
                piece = body.read(Response.send_file_buffer_size)
                if hasattr(piece, "send"):
                    piece = await piece
                await self._send_piece(piece)
        else:
            for piece in body:
                await self._send_piece(piece)

    async def _send_parts(self, viewer):
        """All in one coroutine, since one for each part would be garbage of every frame."""
        self._sent = 0  # offer() must allocate nothing
        if not viewer.enter(self.offer):
            return
        exchange = self._exchange
        self._transport.bound_unsent()
        while True:
            part = viewer.next_part()
            while part is None:
                await viewer.until_next()
                part = viewer.next_part()
            if not part:
                return
            exchange.send(ticks_ms())
            if self._sent:
                await self._pause()
            while self._sent < len(part):
                self._sent = self._push(part, self._sent)
                await self._pause()
            self._sent = 0
            if exchange.sent():
                exchange.listen(ticks_ms())

    def offer(self, part):
        """Send of `part` (memoryview) what the client takes at once; return whether that was all.

        Whoever has taken the picture calls it, so that no task need be woken for a client that keeps up. The
        rest is for _send_parts(), and so is a fault, which it will meet again.
        """
        try:
            self._sent = self._push(part, 0)
        except _FAULTS:
            return False
        if self._transport.is_full or self._sent < len(part):
            return False
        self._sent = 0
        self._exchange.pass_by(ticks_ms())
        return True

    async def _send_piece(self, piece):
        if piece:
            await self.send(piece.encode() if isinstance(piece, str) else piece)
        await sleep_ms(0)  # a body that never waits shall not hold the other connections

    # What microdot's WebSocket asks for.

    async def read(self, n=-1):
        """Up to `n` bytes (all until the end if -1), b"" at the end."""
        self.is_used = True
        inbox = self._exchange.inbox
        if not inbox.unread and n:
            await self._hear()
        data = inbox.take(inbox.unread if n < 0 else n)
        while n < 0 and await self._hear():
            data += inbox.take(inbox.unread)
        return data

    async def _hear(self):
        """fill() for a handler, whose wait has a limit of its own."""
        self._exchange.listen(ticks_ms())
        self._exchange.inbox.rest()
        try:
            return await self.fill()
        finally:
            self._exchange.heard()

    async def readexactly(self, n):
        """`n` bytes; raises EOFError if they do not come."""
        data = b""
        while len(data) < n:
            piece = await self.read(n - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    async def awrite(self, data):
        """Send `data` (bytes-like or str)."""
        self.is_used = True
        await self._send_piece(data)

    async def aclose(self):
        """Close the socket; do nothing the second time."""
        self.is_used = True
        self._transport.close()


def close_body(body):
    """Close a response's body by its aclose() or close(), if it has one -> what is to be awaited, or None.

    Not a coroutine, since a full heap has no room for one.
    """
    if hasattr(body, "aclose"):
        closing = body.aclose()
    elif hasattr(body, "close"):
        closing = body.close()
    else:
        return None
    return closing if hasattr(closing, "send") or hasattr(closing, "__await__") else None
