"""One connection: its requests and answers one after the other, until one side wants no more.

It moves bytes and waits; what it does next is decided in exchange.py. What is not a request never reaches
the application.
"""

import asyncio

from microdot import Response
from strict.compat import const

from .clock import sleep_ms, ticks_ms
from .exchange import CUT, KEPT, Exchange
from .head import Refusal
from .phases import LINGERING, TURNED_AWAY
from .receiver import Receiver
from .refusal import answer_to, dispatch_refused, dispatch_unknown, failure
from .request import make_request
from .respond import respond
from .sender import Sender
from .transport import is_lost

_RETRY_AFTER_S = const(2)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection:
    """One client, from its first byte to the close. Owned by the Server.

    exchange: what it is doing. address: the client's (str). is_told: whether the Server counts it among the
    clients without a slot that are told so.
    """

    is_told = False  # in the class, since few connections change it

    def __init__(self, server, transport):
        self.task = asyncio.current_task()
        self.exchange = exchange = Exchange(server.limits, server.takes)
        self._server = server
        self._transport = transport
        self._client = transport.client()
        self.address = self._client[0]
        self._receiver = Receiver(transport, exchange)
        self._sender = Sender(transport, exchange)

    def lend(self, buffer):
        """Read over `buffer` (bytearray) until close() gives it back."""
        self.exchange.inbox.lend(buffer)

    def meet_deadline(self, now):
        """Called by the Server at the deadline, at the ticks `now`. What has arrived by then is looked at
        first: the client is not late if a long step of another task held this one up."""
        if self._is_silent():
            self.exchange.expire()
            self.task.cancel()
        else:
            self.exchange.look(now)

    def gives_way(self, now):
        """Return whether another client may have the slot at the ticks `now`. What has arrived and was not
        looked at yet comes first: there is a moment for it, in which nobody else asks."""
        if self._is_silent():
            return True
        self.exchange.hold(now)
        return False

    def _is_silent(self):
        """Return whether nothing has arrived, or it was left lying since this was asked last."""
        exchange = self.exchange
        try:
            is_silent = exchange.was_met or not self._has_news()
        except MemoryError:
            is_silent = True  # there is no memory to look; the connection's end frees some
        exchange.was_met = True
        return is_silent

    def _has_news(self):
        """Return whether something has arrived that was not looked at yet: bytes, or the client's end."""
        return self._transport.is_readable()

    def evict(self, may_tell):
        """End what has lost its slot; the client may be told why if `may_tell`."""
        if self.exchange.evict(may_tell):
            self.is_told = True  # else it would allocate an attribute
        self.task.cancel()

    def close(self):
        """Close the socket and return the buffer (bytearray)."""
        exchange = self.exchange
        exchange.deadline = None
        self._transport.close(exchange.is_ended)
        return exchange.inbox.release()

    async def serve(self):
        """Read requests and answer them; faults end here."""
        try:
            refusal = None
            try:
                await self._converse()
            except Refusal as error:
                refusal = error
            except MemoryError as error:
                refusal = self.exchange.starve()
                if refusal is None:
                    self._server.fault(error)
            except asyncio.CancelledError:
                refusal = self._end_late()
            if refusal:
                self._server.rejected += 1
                await self._refuse(refusal)
        except asyncio.CancelledError:
            self._end_late()
        except OSError as error:
            self._end_lost(error)
        except Exception as error:  # whatever happens to one client, the others are served on
            self._server.fault(error)

    async def turn_away(self):
        """Answer 503 to a client above the cap; of its request, what has come first is looked at."""
        exchange = self.exchange
        try:
            exchange.enter(TURNED_AWAY, ticks_ms())
            if await self._receiver.fill():
                exchange.inbox.see_method()
                await self._refuse(exchange.full())
        except asyncio.CancelledError:
            self._end_late()
        except OSError as error:
            self._end_lost(error)

    def _end_late(self):
        """Return what a client is told that was too late (Refusal), None for nothing."""
        exchange = self.exchange
        if not exchange.is_ended:
            raise asyncio.CancelledError  # by Server.close()
        if exchange.is_timeout:
            self._server.timeouts += 1
        return exchange.farewell()

    def _end_lost(self, error):
        if not is_lost(error):
            self._server.fault(error)
        elif self.exchange.is_vanished:
            self._server.vanished += 1

    async def _converse(self):
        exchange = self.exchange
        admission = self._server.admission
        while True:
            request = await self._read_request()
            if request is None:
                return
            self._server.requests += 1
            try:
                response = await self._server.app.dispatch_request(request)
            except Exception as error:  # of an error handler or a hook: microdot catches the others
                self._server.fault(error)
                response = failure()
            if response is Response.already_handled:
                return
            if self._receiver.is_used or self._sender.is_used:
                exchange.lose_track()
            elif admission.waiting and admission.is_last(self):
                exchange.cut()
            is_last = exchange.persistence != KEPT
            lingers = await respond(self._server, self._sender, response, exchange.inbox.is_head, is_last)
            self._server.has_answered = True
            if lingers:
                await self._linger()
                return
            if exchange.inbox.unread:  # a client that pipelines shall not hold the others
                exchange.pipelines = True
                await sleep_ms(0)

    async def _read_request(self):
        """Return the next request (microdot.Request), None if the client leaves without one."""
        exchange = self.exchange
        now = ticks_ms()
        exchange.begin(now)
        asked = exchange.take(now) if exchange.pipelines else None  # else nothing of it can be there
        while asked is None:
            if exchange.wants_continue:
                await self._sender.send(_CONTINUE)
                exchange.continued(ticks_ms())
            if not await self._receiver.fill():
                exchange.hear_end()
                return None
            asked = exchange.take(ticks_ms())
        request = make_request(self._server.app, self._client, asked, exchange.body)
        request.sock = (self._receiver, self._sender)
        request.max_content_length = self._server.limits.body_bytes  # above it, microdot answers 413
        exchange.run()
        return request

    async def _linger(self):
        """Read and forget what the client still sends after its last answer, within limits."""
        exchange = self.exchange
        unread = exchange.unread_after_last(exchange.persistence == CUT and self._has_news())
        if unread:
            exchange.enter(LINGERING, ticks_ms())
            await self._receiver.drop(unread)
            exchange.deadline = None

    async def _refuse(self, refusal):
        self.exchange.refuse()
        response = await self._answer_to_refused(refusal)
        if response.status_code == 503:
            response.headers["Retry-After"] = str(_RETRY_AFTER_S)
        await respond(self._server, self._sender, response, self.exchange.inbox.is_head, True)
        await self._linger()

    async def _answer_to_refused(self, refusal):
        """Return what the application makes of the answer to a request that is refused."""
        response = answer_to(refusal, ())
        try:
            asked = self.exchange.known()
            if asked:
                response = answer_to(refusal, asked)
                return await dispatch_refused(self._server.app, self._client, asked, response)
            return await dispatch_unknown(self._server.app, response)
        except Exception as error:  # the answer goes out all the same
            self._server.fault(error)
            return response
