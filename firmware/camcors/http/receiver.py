"""The reading half of a connection: waits for what the client sends."""

from .clock import sleep_ms, ticks_ms


class Receiver:
    """Fills the exchange's inbox; a handler finds it as `request.sock[0]`.

    is_used: whether a handler has read here, past what the exchange knows of the framing.
    """

    is_used = False  # in the class, since few handlers read

    def __init__(self, transport, exchange):
        self._transport = transport
        self._exchange = exchange

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
