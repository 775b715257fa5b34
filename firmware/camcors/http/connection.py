"""One connection: its requests and answers one after the other, until one side wants no more.

What is not a request never reaches the application.
"""

import asyncio

from microdot import Response
from strict.compat import const

from ..limits import sleep_ms, ticks_add, ticks_ms
from .chunked import Chunks
from .head import Refusal, parse, wants_close
from .methods import STANDARD, is_taken
from .receiver import Receiver
from .refusal import dispatch_refused, dispatch_unknown
from .request import make_request
from .respond import respond
from .salvage import salvage
from .sender import Sender
from .slots import IDLE, LISTENING, READING, RUNNING, SENDING, SETTLED_MS
from .transport import is_lost

_RETRY_AFTER_S = const(2)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LOOK_MS = const(100)
_FULL = "all {} connections are in use; close a page, or raise limits.connections of /camera.json"

# Who ended what the connection waited for.
_NOBODY = const(0)
_DEADLINE = const(1)
_EVICTION = const(2)

_TOO_SLOW = "{} came too slowly while others waited for a connection"


class Connection:
    """One client, from its first byte to the close. Owned by the Server.

    deadline: ticks at which the Server cancels the task, or None while the handler runs.
    address: the client's (str). phase: what the connection is doing (slots.py). since: ticks at which that,
    or the wait for a slot, began. is_told: whether the Server counts it among the clients without a slot
    that are told so.
    """

    # In the class, since few connections change them, and each attribute of its own takes time to make.
    is_told = False
    _ended_by = _NOBODY
    _is_cut = False  # whether it ends with this answer for a reason that the client does not know

    def __init__(self, server, transport):
        self.task = asyncio.current_task()
        self.deadline = None
        self.phase = RUNNING
        self.since = None
        self._server = server
        self._limits = server.limits
        self._admission = server.admission
        self._transport = transport
        self._client = transport.client()
        self.address = self._client[0]
        self._receiver = Receiver(transport, self._listen)
        self._sender = Sender(transport, self._due, self._limits.write_timeout_ms)
        self._served = 0
        self._is_last = False  # whether the connection ends with this request's answer
        self._pipelines = False  # whether the client has sent a request before the last one's answer
        self._unread = 0  # bytes that the client may still send after its last answer
        self._reading = None  # what a client is told with 408 if it is late with it (str)
        self._asked = None  # what is known of the request that is read: by parse(), else by salvage()
        self._was_met = False  # whether the deadline has come once, or somebody has wanted the slot

    def lend(self, buffer):
        """Reads over `buffer` (bytearray) until close() gives it back."""
        self._receiver.lend(buffer)

    def meet_deadline(self, now):
        """Called by the Server at the deadline, at the ticks `now`. What has arrived by then is looked at
        first: the client is not late if a long step of another task held this one up."""
        if self._is_silent():
            self._expire(_DEADLINE)
        else:
            self.deadline = ticks_add(now, _LOOK_MS)

    def gives_way(self, now):
        """Whether another client may have the slot at the ticks `now`. What has arrived and was not looked at
        yet comes first: there is a moment for it, in which nobody else asks."""
        if self._is_silent():
            return True
        self.since = ticks_add(now, _LOOK_MS - SETTLED_MS)
        return False

    def _is_silent(self):
        """Whether nothing has arrived, or it was left lying since this was asked last."""
        try:
            is_silent = self._was_met or not self.has_news()
        except MemoryError:
            is_silent = True  # there is no memory to look; the connection's end frees some
        self._was_met = True
        return is_silent

    def evict(self, may_tell):
        """Ends what has lost its slot. A client whose request has begun is told why if it may be."""
        if may_tell and self.phase == READING:
            self.is_told = True
        else:
            self._reading = None
        self._expire(_EVICTION)

    def _expire(self, ended_by):
        self.deadline = None
        self._ended_by = ended_by
        self.task.cancel()

    def has_news(self):
        """Whether something has arrived that was not looked at yet: bytes, or the client's end."""
        return self._transport.is_readable()

    def close(self):
        """Closes the socket and gives the buffer (bytearray) back."""
        self.deadline = None
        self._transport.close(self._ended_by != _NOBODY)
        return self._receiver.release()

    async def serve(self):
        """Reads requests and answers them; faults end here."""
        try:
            refusal = None
            try:
                await self._converse()
            except Refusal as error:
                refusal = error
            except MemoryError as error:
                if self._reading is None:  # an answer may have begun, which nothing may be written into
                    self._server.fault(error)
                    return
                refusal = Refusal(503, "the camera has no memory left for this request")
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
        """Answers 503 to a client above the cap; of its request, what has come first is looked at."""
        try:
            self._due(self._limits.linger_ms)
            if await self._receiver.fill():
                self._receiver.see_method()
                await self._refuse(Refusal(503, _FULL.format(self._limits.connections)))
        except asyncio.CancelledError:
            self._end_late()
        except OSError as error:
            self._end_lost(error)

    def _end_late(self):
        """Of a client that was too late: Refusal if it is told so, else None."""
        ended_by = self._ended_by
        if ended_by == _NOBODY:
            raise asyncio.CancelledError  # by Server.close()
        if ended_by == _DEADLINE and (self.phase != IDLE or not self._served):
            self._server.timeouts += 1
        if self._reading is None:
            return None
        self._ended_by = _NOBODY
        if ended_by == _EVICTION:
            refusal = Refusal(503, _TOO_SLOW.format(self._reading))
        else:
            refusal = Refusal(408, self._reading + " did not arrive in time")
        self._reading = None
        return refusal

    def _end_lost(self, error):
        if not is_lost(error):
            self._server.fault(error)
        elif self.phase != IDLE:  # else it left between two requests, as it may
            self._server.vanished += 1

    def _due(self, duration_ms):
        """Begins a wait for the client, of at most `duration_ms`; None ends one."""
        self._was_met = False
        if duration_ms is not None:
            if self.phase == RUNNING or self.phase == LISTENING:
                self.phase = SENDING
            self.since = ticks_ms()
            self.deadline = ticks_add(self.since, duration_ms)
        elif self._receiver.is_heard:
            self._hear()
        else:
            self.deadline = None

    def _listen(self):
        """Called by the Receiver when a handler begins to wait for its client, and when that is over."""
        if not self._receiver.is_heard:
            if self.phase == LISTENING:
                self.phase = RUNNING
                self.deadline = None
        elif self.deadline is None:  # else another task of the handler sends, and ends with _due(None)
            self._hear()

    def _hear(self):
        self._due(self._limits.handler_idle_ms)
        self.phase = LISTENING

    # Reading.

    async def _converse(self):
        while True:
            head = await self._read_head()
            if head is None:
                return
            request = await self._read_request(head)
            self._server.requests += 1
            try:
                response = await self._server.app.dispatch_request(request)
            except Exception as error:  # of an error handler or a hook: microdot catches the others
                self._server.fault(error)
                response = Response("Internal server error", 500)
            if response is Response.already_handled:
                return
            if self._receiver.is_used or self._sender.is_used:
                self._is_last = True  # nobody knows where the next request begins
            if not self._is_last and self._admission.waiting and self._admission.is_last(self):
                self._is_last = self._is_cut = True
            self._pipelines = self._pipelines or self._may_pipeline()
            is_head = self._receiver.is_head
            self._is_last = await respond(self._server, self._sender, response, is_head, self._is_last)
            if self._is_last:
                if self._is_cut and (self._pipelines or self._may_pipeline()):
                    self._unread = self._limits.drain_bytes
                if self._unread:
                    await self._linger()
                return
            if self._receiver.unread:  # a client that pipelines shall not hold the others
                await sleep_ms(0)

    async def _read_head(self):
        """The next request's head (bytes), None if the client leaves without one."""
        receiver = self._receiver
        self._due(self._limits.keepalive_timeout_ms if self._served else self._limits.head_timeout_ms)
        self.phase = IDLE
        while True:
            head = receiver.take_head(self._limits.head_bytes)
            if head is not None or receiver.has_begun:
                self._begin()
            if head is not None:
                return head
            if not await receiver.fill():
                if receiver.has_begun:
                    raise Refusal(400, "the request ends before its headers do")
                return None

    def _begin(self):
        """The client is no longer idle: from now on the time for a head runs."""
        if self.phase == IDLE:
            self.phase = READING
            self._reading = "the headers"
            if self._served:
                self._due(self._limits.head_timeout_ms)
            else:
                self._was_met = False
                self.since = ticks_ms()

    async def _read_request(self, head):
        """The microdot.Request of a head, with its body; a too large one is left unread."""
        self._asked = ()  # what is unread now does not belong to this head
        try:
            self._asked = asked = parse(head)
        except Refusal:
            self._asked = salvage(head + b"\r\n\r\n")
            raise
        method, _, version, headers = asked
        self._served += 1
        self._is_last = wants_close(version, headers)
        if self._served >= self._limits.keepalive_requests:
            self._is_last = self._is_cut = True
        app = self._server.app
        if method not in STANDARD and not is_taken(app, method):
            raise Refusal(501, "the camera knows no such method; names of methods are in capitals")
        digits = headers.get("content-length")
        body = b""
        if headers.is_chunked:
            body = await self._read_chunks(headers)
        elif digits is not None:
            # Cut, since a number of thousands of digits is refused like any other too large one.
            length = int(digits) if len(digits) < 16 else 10**15
            headers["content-length"] = str(length)
            if length > self._limits.body_bytes:
                self._is_last = True
                self._unread = length
            elif length:
                body = await self._read_body(length, "expect" in headers and version == "1.1")
        request = make_request(app, self._client, asked, body)
        request.sock = (self._receiver, self._sender)
        request.max_content_length = self._limits.body_bytes  # above it, microdot answers 413
        self._asked = self._reading = self.deadline = None
        self.phase = RUNNING
        return request

    async def _read_body(self, length, is_expected):
        self._reading = "the body"
        if is_expected and self._receiver.unread < length:
            await self._sender.send(_CONTINUE)
        self._due(self._limits.body_timeout_ms)
        return await self._receiver.read_body(length)

    async def _read_chunks(self, headers):
        self._reading = "the body"
        if not self._receiver.unread and "expect" in headers:
            await self._sender.send(_CONTINUE)
        self._due(self._limits.body_timeout_ms)
        chunks = Chunks(self._limits.body_bytes, self._limits.head_bytes)
        await self._receiver.read_chunks(chunks)
        headers.pop("transfer-encoding")  # as RFC 9112 section 7.1.3 says
        headers["content-length"] = str(chunks.length)
        if chunks.length > self._limits.body_bytes:
            self._is_last = True
            self._unread = self._limits.drain_bytes
            return b""
        return bytes(chunks.body)

    def _may_pipeline(self):
        """Whether more has come than the request that is answered; looked for in the socket only where the
        client does not know that this answer is its last."""
        return self._receiver.unread > 0 or (self._is_cut and self.has_news())

    async def _linger(self):
        """Reads and forgets what the client still sends, within limits.

        Closing with bytes unread makes TCP reset the connection, and the client would lose the
        answer (RFC 9112 section 9.6).
        """
        self._due(self._limits.linger_ms)
        try:
            await self._receiver.drop(min(self._unread, self._limits.drain_bytes))
        except asyncio.CancelledError:
            if self._ended_by == _NOBODY:
                raise
            self._ended_by = _NOBODY
        self.deadline = None

    # Answering.

    async def _refuse(self, refusal):
        status, reason = refusal.args
        self._reading = self.deadline = None
        response = await self._answer_to_refused(Response(reason + "\n", status))
        if response.status_code == 503:
            response.headers["Retry-After"] = str(_RETRY_AFTER_S)
        await respond(self._server, self._sender, response, self._receiver.is_head, True)
        self._unread = self._limits.drain_bytes
        await self._linger()

    async def _answer_to_refused(self, response):
        """What the application makes of `response`, the answer to a request that is refused."""
        try:
            asked = salvage(self._receiver.peek()) if self._asked is None else self._asked
            if asked:
                return await dispatch_refused(self._server.app, self._client, asked, response)
            return await dispatch_unknown(self._server.app, response)
        except Exception as error:  # the answer goes out all the same
            self._server.fault(error)
            return response
