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
from .phases import LINGERING, SHAKING, TURNED_AWAY, WAITING, WORDS_NO_TLS
from .refusal import answer_to, dispatch_unknown, failure, no_memory, refused_request
from .request import make_request
from .respond import respond
from .transport import is_lost
from .wire import Wire

_RETRY_AFTER_S = const(2)
_ENOTCONN = const(128)
#: The alert protocol_version (RFC 5246 section 7.2): all that such a client understands.
_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection:
    """One client, from its first byte to the close. Owned by the Server.

    exchange: what it is doing. address: the client's (str). is_told: whether the Server counts it among the
    clients without a slot that are told so.
    """

    is_told = False  # in the class, since few connections change it

    def __init__(self, server, transport):
        self.task = asyncio.current_task()
        self.exchange = exchange = Exchange(server.limits, server.takes, server.buffers)
        self._server = server
        self._transport = transport
        self._wire = Wire(transport, exchange)
        self.address = transport.client()[0]

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

    def note_news(self):
        """The client has sent its part of the TLS handshake."""
        self.exchange.since = ticks_ms()

    def close(self):
        """Close the socket; nothing can be taken any more. Allocates nothing."""
        exchange = self.exchange
        exchange.deadline = None
        self._transport.close(exchange.is_ended)
        exchange.inbox.release()

    async def serve(self):
        """Do one exchange; return whether another one may follow. Faults end here."""
        try:
            try:
                return await self._converse()
            except Refusal as error:
                refusal = error
            except MemoryError:
                refusal = self.exchange.starve()
                if refusal is None:
                    raise
            except asyncio.CancelledError:
                refusal = self._end_late()
            if refusal:
                self._server.rejected += 1
                await self._refuse(refusal)
        except asyncio.CancelledError:
            self._end_late()
        except MemoryError:
            raise  # the Server calls tell_no_memory()
        except OSError as error:
            self._end_lost(error)
        except Exception as error:  # whatever happens to one client, the others are served on
            self._server.fault(error)
        return False

    def tell_no_memory(self):
        """Nothing else could be done for want of memory: tell the client so, if nothing of an answer has gone
        out. Allocates nothing."""
        exchange = self.exchange
        if exchange.is_unanswered and not self._wire.is_used:
            self._transport.tell_no_memory(exchange.inbox.is_head)

    def until_heard(self):
        """Awaitable, at once, that ends when serve() has something to do; or ends soon, and serve() waits."""
        if not self.exchange.inbox.unread:
            try:
                return self._transport.until_heard()
            except MemoryError:
                pass  # serve() finds none either, and tells the client
        return sleep_ms(0)  # a client that pipelines shall not hold the others

    async def _shake(self):
        """Do the TLS handshake. Raise Refusal for a client that speaks plain HTTP."""
        transport = self._transport
        self.exchange.enter(SHAKING, ticks_ms())
        if not await transport.speaks_tls():
            await self._wire.fill()
            raise Refusal(400, WORDS_NO_TLS)
        try:
            await self._server.handshakes.shake(self, transport)
        except OSError as error:
            from .secure import is_ours

            if is_ours(error):
                raise
            self._server.handshakes.failed += 1
            raise OSError(_ENOTCONN)

    async def turn_away(self):
        """Answer 503 to a client above the cap; of its request, what has come first is looked at. Over TLS it
        is closed unheard: a handshake is dearer than what it asks for."""
        if self._transport.is_secure:
            return
        exchange = self.exchange
        try:
            exchange.enter(TURNED_AWAY, ticks_ms())
            if await self._wire.fill():
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
        """Read a request and answer it; return whether another one may follow."""
        exchange = self.exchange
        admission = self._server.admission
        if exchange.phase == WAITING:  # for its slot, or not even for that
            if self._transport.is_secure:
                await self._shake()
            exchange.begin(ticks_ms())
        request = self._take_request() or await self._read_request()
        if request is None:
            return False
        self._server.requests += 1
        try:
            response = await self._server.app.dispatch_request(request)
        except Exception as error:  # of an error handler or a hook: microdot catches the others
            self._server.fault(error)
            response = no_memory() if isinstance(error, MemoryError) else failure()
        request = None  # its memory is others' while the answer, which may be a stream, goes out
        if response is Response.already_handled:
            return False
        if self._wire.is_used:
            exchange.lose_track()
        elif admission.waiting and admission.is_last(self):
            exchange.cut()
        is_last = exchange.persistence != KEPT
        # The answer comes first: a coroutine's stack holds what it has passed on until something else
        # lies there, and while this one waits only the first argument's place is used again.
        lingers = await respond(response, self._server, self._wire, exchange.inbox.is_head, is_last)
        self._server.has_answered = True
        if lingers:
            await self._linger()
            return False
        exchange.begin(ticks_ms())
        if exchange.inbox.unread:
            exchange.pipelines = True
        return True

    def _take_request(self):
        """Return the request (microdot.Request) that begins, None if there is more to do than to take it.

        Most are all there, and need none of the coroutines that wait.
        """
        exchange = self.exchange
        if exchange.inbox.unread or not self._wire.fill_at_once():
            return None
        asked = exchange.take(ticks_ms())
        return asked and self._make_request(asked)

    async def _read_request(self):
        """Return the request (microdot.Request) that begins, None if the client leaves without one."""
        exchange = self.exchange
        asked = exchange.take(ticks_ms()) if exchange.pipelines else None  # else nothing of it can be there
        while asked is None:
            if exchange.wants_continue:
                await self._wire.send(_CONTINUE)
                exchange.continued(ticks_ms())
            if not await self._wire.fill():
                exchange.hear_end()
                return None
            asked = exchange.take(ticks_ms())
        return self._make_request(asked)

    def _make_request(self, asked):
        request = make_request(
            self._server.app, self._transport.client(), asked, self.exchange.body, self._scheme()
        )
        self._hear_proxy(request)
        request.sock = (self._wire, self._wire)
        request.max_content_length = self._server.limits.body_bytes  # above it, microdot answers 413
        self.exchange.run()
        return request

    def _scheme(self):
        return "https" if self._transport.is_secure else "http"

    def _hear_proxy(self, request):
        if self.address in self._server.trusted_proxies:
            from . import forwarded  # only now: few cameras have a proxy

            forwarded.apply(request)

    async def _linger(self):
        """Read and forget what the client still sends after its last answer, within limits."""
        exchange = self.exchange
        unread = exchange.unread_after_last(exchange.persistence == CUT and self._has_news())
        if unread:
            exchange.enter(LINGERING, ticks_ms())
            await self._wire.drop(unread)
            exchange.deadline = None

    async def _refuse(self, refusal):
        self.exchange.refuse()
        if self.exchange.begins_with_tls and not self._transport.is_secure:
            await self._wire.send(_ALERT)
            await self._linger()
            return
        response = await self._answer_to_refused(refusal)
        if response.status_code == 503:
            response.headers["Retry-After"] = str(_RETRY_AFTER_S)
        await respond(response, self._server, self._wire, self.exchange.inbox.is_head, True)
        await self._linger()

    async def _answer_to_refused(self, refusal):
        """Return what the application makes of the answer to a request that is refused."""
        response = answer_to(refusal, ())
        try:
            asked = self.exchange.known()
            if asked:
                response = answer_to(refusal, asked)
                app = self._server.app
                request = refused_request(app, self._transport.client(), asked, response, self._scheme())
                self._hear_proxy(request)
                return await app.dispatch_request(request)
            return await dispatch_unknown(self._server.app, response)
        except Exception as error:  # the answer goes out all the same
            self._server.fault(error)
            return response
