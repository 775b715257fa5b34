"""One connection: from a socket to a microdot.Request, from a microdot.Response to the socket.

A request is read in blocks, an answer is sent in one write. What is not a request never reaches
the application.
"""

import asyncio
import sys

from cors.compat import const
from microdot import Request, Response
from microdot.microdot import NoCaseDict, invoke_handler

from .limits import ticks_add, ticks_ms
from .wire import Refusal, check_start, has_body, head_of, parse

_BLOCK = const(1024)  # a browser's head is 500 to 900 bytes
_SLICE = const(8192)  # of a large body: what MicroPython's asyncio would copy if it cannot send
_SMALL = const(4096)  # a body up to this size is sent together with its head
_RETRY_AFTER_S = const(2)
_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)

# A client that left: EPIPE, ECONNABORTED, ECONNRESET, ENOTCONN, ETIMEDOUT, with the numbers of
# Linux and of lwIP on the ESP32.
_VANISHED = (32, 103, 104, 107, 110, 113, 116, 118, 128)

# CPython raises some vanished clients without a number; MicroPython has no such class.
_CONNECTION_ERRORS = (ConnectionError,) if sys.implementation.name == "cpython" else ()


class Connection:
    """One client, from its first byte to the close. Owned by the Server.

    deadline: ticks at which the Server cancels the task, or None while the handler runs.
    A handler finds it as both halves of `request.sock` (microdot's WebSocket reads and writes it).
    """

    def __init__(self, server, reader, writer):
        self.task = asyncio.current_task()
        self.deadline = None
        self._server = server
        self._limits = server.limits
        self._reader = reader
        self._writer = writer
        self._rest = b""  # read past the head: the body's beginning
        self._expired = False
        self._closed = False
        self._is_head = False  # whether the method is HEAD, whose answers have no content
        transport = getattr(writer, "transport", None)
        if transport is not None:  # CPython: drain() returns only when all is sent
            transport.set_write_buffer_limits(0)

    def expire(self):
        """Ends what the connection waits for; called by the Server at the deadline."""
        self.deadline = None
        self._expired = True
        self.task.cancel()

    async def serve(self):
        """Reads one request and answers it; faults end here."""
        try:
            try:
                await self._converse()
            except Refusal as refusal:
                self._server.rejected += 1
                await self._refuse(refusal)
        except asyncio.CancelledError:
            self._end_late()
        except OSError as error:
            self._end_lost(error)
        except Exception as error:  # whatever happens to one client, the others are served on
            self._server.fault(error)

    async def turn_away(self):
        """Answers 503 to a client above the cap, without looking at its request."""
        try:
            self._due(self._limits.linger_ms)
            if await self._reader.read(_BLOCK):
                await self._refuse(Refusal(503, "the camera serves as many clients as it can"))
        except asyncio.CancelledError:
            self._end_late()
        except OSError as error:
            self._end_lost(error)

    def _end_late(self):
        if not self._expired:
            raise asyncio.CancelledError
        self._server.timeouts += 1

    def _end_lost(self, error):
        number = error.args[0] if error.args else None
        if isinstance(error, _CONNECTION_ERRORS) or number in _VANISHED:
            self._server.vanished += 1
        else:
            self._server.fault(error)

    def _due(self, duration_ms):
        self.deadline = ticks_add(ticks_ms(), duration_ms)

    # Reading.

    async def _converse(self):
        head = await self._read_head()
        if head is None:
            return
        request = await self._read_request(parse(head))
        self._server.requests += 1
        try:
            response = await self._server.app.dispatch_request(request)
        except Exception as error:  # of an error handler or a hook: microdot catches the others
            self._server.fault(error)
            response = Response("Internal server error", 500)
            response.is_head = self._is_head
        if response is not Response.already_handled:
            await self._respond(response)
            if request.content_length > self._limits.body_bytes:
                await self._linger(request.content_length)

    async def _read_head(self):
        """The head without its empty line (bytes), None of a client that left without a word."""
        self._due(self._limits.head_timeout_ms)
        most = self._limits.head_bytes
        data = b""
        try:
            while True:
                block = await self._reader.read(_BLOCK)
                if not block:
                    if data:
                        raise Refusal(400, "the request ends before its headers do")
                    return None
                searched = len(data)
                data = data + block if data else block
                self._is_head = data.startswith(b"HEAD ")
                end = data.find(b"\r\n\r\n", max(searched - 3, 0))
                if end == 0 or data[:2] == b"\r\n":  # RFC 9112 section 2.2: one is forgiven
                    data = data[2:]
                    end = data.find(b"\r\n\r\n")
                if (len(data) if end < 0 else end + 4) > most:
                    raise Refusal(431, "the headers are longer than {} bytes".format(most))
                if end >= 0:
                    self._rest = data[end + 4 :]
                    return data[:end]
                if data and not searched:
                    check_start(data)
        except asyncio.CancelledError:
            return self._late(data, "the headers did not arrive in time")

    def _late(self, data, reason):
        """Turns the sweeper's cancellation into 408, or into None of a client that said nothing."""
        if not self._expired:
            raise asyncio.CancelledError
        self._expired = False
        self._server.timeouts += 1
        if data:
            raise Refusal(408, reason)
        return None

    async def _read_request(self, parsed):
        """The microdot.Request of a parsed head, with its body; a too large one is left unread."""
        method, target, version, headers = parsed
        digits = headers.get("content-length")
        body = b""
        if digits is not None:
            # Cut, since a number of thousands of digits is refused like any other too large one.
            length = int(digits) if len(digits) < 16 else 10**15
            headers["content-length"] = str(length)
            if 0 < length <= self._limits.body_bytes:
                body = await self._read_body(length, "expect" in headers and version == "1.1")
        self.deadline = None
        try:
            request = self._make_request(method, target, version, headers, body)
        except ValueError:  # microdot decodes the query: %FF is no UTF-8
            request = self._make_request(method, target.split("?")[0], version, headers, b"")
            if method != "OPTIONS":  # a preflight asks for the path, and is answered on any
                raise Refusal(400, "the query is not percent-encoded UTF-8", request)
        request.max_content_length = self._limits.body_bytes  # above it, microdot answers 413
        return request

    def _make_request(self, method, target, version, headers, body):
        return Request(
            self._server.app, self._client(), method, target, version, NoCaseDict(headers),
            body=body, sock=(self, self),
        )  # fmt: skip

    async def _read_body(self, length, is_expected):
        self._due(self._limits.body_timeout_ms)
        body = self._rest
        try:
            if is_expected and len(body) < length:
                self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                await self._writer.drain()
            while len(body) < length:
                block = await self._reader.read(min(length - len(body), _SLICE))
                if not block:
                    raise Refusal(400, "the body is shorter than its Content-Length")
                body += block
        except asyncio.CancelledError:
            self._late(b"late", "the body did not arrive in time")
        self._rest = body[length:]
        return body[:length]

    def _client(self):
        address = self._writer.get_extra_info("peername")
        if isinstance(address, (bytes, bytearray)):  # MicroPython on unix: a struct sockaddr_in
            return ("{}.{}.{}.{}".format(*address[4:8]), address[2] << 8 | address[3])
        return address

    async def _linger(self, most):
        """Reads and forgets what the client still sends, within limits.

        Closing with bytes unread makes TCP reset the connection, and the client would lose the
        answer (RFC 9112 section 9.6).
        """
        left = min(most, self._limits.drain_bytes) - len(self._rest)
        self._rest = b""
        self._due(self._limits.linger_ms)
        try:
            while left > 0:
                block = await self._reader.read(_BLOCK)
                if not block:
                    break
                left -= len(block)
        except asyncio.CancelledError:
            if not self._expired:
                raise
            self._expired = False
        self.deadline = None

    # Writing.

    async def _refuse(self, refusal):
        status, reason = refusal.args[:2]
        request = refusal.args[2] if len(refusal.args) > 2 else None
        headers = {"Retry-After": str(_RETRY_AFTER_S)} if status == 503 else None
        response = await self._hooked(request, Response(reason + "\n", status, headers))
        response.is_head = self._is_head
        await self._respond(response)
        await self._linger(self._limits.drain_bytes)

    async def _hooked(self, request, response):
        """`response` after the application's hooks for errors, as Microdot runs them; CORS is one."""
        try:
            for handler in self._server.app.after_error_request_handlers:
                response = await invoke_handler(handler, request, response) or response
        except Exception as error:  # the answer goes out all the same
            self._server.fault(error)
        return response

    async def _respond(self, response):
        """Sends `response`, and closes its body whatever happens."""
        body = response.body
        if body is None:
            body = b""
        elif isinstance(body, str):
            body = body.encode()
        known = isinstance(body, (bytes, bytearray, memoryview))
        try:
            try:
                head = head_of(response, len(body) if known else None)
            except ValueError as error:
                self._server.fault(error)
                known, response = True, Response("Internal server error", 500)
                body, head = response.body, head_of(response, len(response.body))
            if response.is_head or not has_body(response.status_code):
                await self.awrite(head)
            elif known:
                await self._send_known(head, body)
            else:
                self._no_delay()
                await self.awrite(head)
                await self._send_pieces(body)
        finally:
            await _close(response.body)

    async def _send_known(self, head, body):
        if len(body) <= _SMALL:
            await self.awrite(head + body)
            return
        self._no_delay()
        first = _SLICE - len(head)
        await self.awrite(head + body[:first])
        await self.awrite(memoryview(body)[first:])

    async def _send_pieces(self, body):
        """Sends a body of unknown length: an async iterator, a file or an iterator."""
        if hasattr(body, "__aiter__") or hasattr(body, "__anext__"):
            pieces = body.__aiter__() if hasattr(body, "__aiter__") else body
            while True:
                try:
                    piece = await pieces.__anext__()
                except StopAsyncIteration:
                    return
                await self.awrite(piece)
        elif hasattr(body, "read"):
            piece = True
            while piece:
                piece = body.read(Response.send_file_buffer_size)
                if hasattr(piece, "send"):
                    piece = await piece
                await self.awrite(piece)
        else:
            for piece in body:
                await self.awrite(piece)

    def _no_delay(self):
        # Nagle's algorithm would hold the end of each frame until the client acknowledges the rest.
        # CPython's asyncio has switched it off already.
        sock = getattr(self._writer, "s", None)
        if sock is not None:
            sock.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)

    async def awrite(self, data):
        """Sends `data` (bytes-like or str); each slice of it has the write time-out to itself."""
        if isinstance(data, str):
            data = data.encode()
        size = len(data)
        view = data if size <= _SLICE else memoryview(data)
        for start in range(0, size, _SLICE):
            self._due(self._limits.write_timeout_ms)
            self._writer.write(view if size <= _SLICE else view[start : start + _SLICE])
            await self._writer.drain()
        self.deadline = None

    # The rest of what microdot's extensions ask of `request.sock`.

    async def read(self, n=-1):
        """Up to `n` bytes (all until the end if -1), b"" at the end."""
        if self._rest:
            data = self._rest if n < 0 else self._rest[:n]
            self._rest = self._rest[len(data) :]
            return data
        return await self._reader.read(n)

    async def readexactly(self, n):
        """`n` bytes; raises EOFError (CPython: its IncompleteReadError) if they do not come."""
        data = self._rest[:n]
        self._rest = self._rest[n:]
        if len(data) < n:
            data += await self._reader.readexactly(n - len(data))
        return data

    async def aclose(self):
        """Closes the socket; does nothing the second time."""
        if self._closed:
            return
        self._closed = True
        self.deadline = None
        transport = getattr(self._writer, "transport", None)
        if self._expired and transport is not None:
            transport.abort()  # CPython would wait for a client that reads nothing
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except (OSError, asyncio.CancelledError):
            pass  # the client left first, or the server closes


async def _close(body):
    """Closes a response's body by its aclose() or close(), if it has one."""
    close = getattr(body, "aclose", None) or getattr(body, "close", None)
    if close is not None:
        closing = close()
        if hasattr(closing, "send") or hasattr(closing, "__await__"):
            await closing
