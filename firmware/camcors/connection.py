"""The connection layer: from a socket to a microdot.Request, from a microdot.Response to a socket.

A request is read in blocks, an answer is sent in one write. What is not a request never reaches
the application. RFC 9110 and RFC 9112 are followed strictly; where they leave a choice, or where
a camera is safer without:

- Only origin-form targets (`/path?query`). Absolute-form is for proxies, and it would name a
  second host beside the Host header that the guards judge: 400, though RFC 9112 section 3.2.2
  wants servers to take it.
- Transfer-Encoding in a request is 501, with Content-Length 400.
- A head that is not UTF-8 is 400: MicroPython's str holds nothing else.
- HTTP/1.0 and 1.1 are spoken, any other version is 505.
- Every answer closes the connection.
"""

import asyncio
import sys

from cors._compat import const
from microdot import Request, Response
from microdot.microdot import NoCaseDict

from .limits import Limits, sleep_ms, ticks_add, ticks_diff, ticks_ms

_BLOCK = const(1024)  # a browser's head is 500 to 900 bytes
_SLICE = const(8192)  # of a large body: what MicroPython's asyncio would copy if it cannot send
_SMALL = const(4096)  # a body up to this size is sent together with its head
_SWEEP_MS = const(100)
_TURNED_AWAY = const(2)  # sockets above the cap that may be told so; more are closed unheard
_RETRY_AFTER_S = const(2)
_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)

# A client that left: EPIPE, ECONNABORTED, ECONNRESET, ENOTCONN, ETIMEDOUT, with the numbers of
# Linux and of lwIP on the ESP32.
_VANISHED = (32, 103, 104, 107, 110, 113, 116, 118, 128)

# CPython raises some vanished clients without a number; MicroPython has no such class.
_CONNECTION_ERRORS = (ConnectionError,) if sys.implementation.name == "cpython" else ()

_DIGITS = "0123456789"
_ALNUM = _DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TOKEN = _ALNUM + "!#$%&'*+-.^_`|~"  # RFC 9110 section 5.6.2
_HOST = _ALNUM + "-._~!$&'()*+;=:[]%"
_TARGET = _ALNUM + "-._~!$&'()*+;=:[]%/?@,\"<>\\^`{|}"  # browsers leave some of these as they are
_HEX = "0123456789abcdefABCDEF"
_METHOD_MAX = const(25)  # bytes; no method is so long

# Two of these with different meanings to two readers are how requests are smuggled.
_SINGLE = ("host", "origin", "content-length", "content-type", "authorization")

_PHRASES = {
    100: "Continue", 101: "Switching Protocols", 200: "OK", 201: "Created", 202: "Accepted",
    203: "Non-Authoritative Information", 204: "No Content", 205: "Reset Content",
    206: "Partial Content", 207: "Multi-Status", 300: "Multiple Choices", 301: "Moved Permanently",
    302: "Found", 303: "See Other", 304: "Not Modified", 307: "Temporary Redirect",
    308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    407: "Proxy Authentication Required", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
    411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large",
    414: "URI Too Long", 415: "Unsupported Media Type", 416: "Range Not Satisfiable",
    417: "Expectation Failed", 418: "I'm a teapot", 421: "Misdirected Request",
    422: "Unprocessable Content", 423: "Locked", 424: "Failed Dependency", 425: "Too Early",
    426: "Upgrade Required", 428: "Precondition Required", 429: "Too Many Requests",
    431: "Request Header Fields Too Large", 451: "Unavailable For Legal Reasons",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
    507: "Insufficient Storage", 511: "Network Authentication Required",
}  # fmt: skip
_CLASSES = ("Continue", "OK", "Multiple Choices", "Bad Request", "Internal Server Error")


class Refusal(Exception):
    """What came is answered by the layer itself: args are (status, reason in words)."""


def _is_made_of(text, allowed):
    # strip() stops at the first strange character from either side: one call, no loop.
    return bool(text) and not text.strip(allowed)


def check_start(data):
    """Raises Refusal if `data`, the first bytes of an unfinished head, does not begin as HTTP.

    So a client that speaks TLS or SSH is told at once instead of at the time-out.
    """
    line, end, _ = data.partition(b"\n")
    if end and line[-1:] != b"\r":
        raise Refusal(400, "a CR or LF stands alone; end each line with CR LF")
    if end:
        parse(line[:-1] + b"\r\nHost: x")
    method = line[:_METHOD_MAX].partition(b" ")[0]
    if not _is_made_of(method, _TOKEN.encode()) or len(method) == _METHOD_MAX:
        raise Refusal(400, "this is not an HTTP request (the camera speaks http, not https)")


def parse(head):
    """Splits a head (bytes, without the empty line) into (method, target, version, headers).

    headers: dict of str, names in lower case, repeated ones joined as RFC 9110 section 5.3 says.
    version: "1.0" or "1.1". Raises Refusal for anything that is not to the letter.
    """
    breaks = head.count(b"\r\n")
    if head.count(b"\r") != breaks or head.count(b"\n") != breaks:
        raise Refusal(400, "a CR or LF stands alone; end each line with CR LF")
    if b"\0" in head:
        raise Refusal(400, "a NUL byte stands in the headers")
    try:
        lines = head.decode().split("\r\n")
    except UnicodeError:
        raise Refusal(400, "the headers are not UTF-8")
    method, target, version = _parse_request_line(lines[0])
    headers = {}
    for i in range(1, len(lines)):
        _add_header(headers, lines[i])
    _check_headers(version, headers)
    return method, target, version, headers


def _parse_request_line(line):
    parts = line.split(" ")
    if len(parts) != 3 or not _is_made_of(parts[0], _TOKEN):
        raise Refusal(400, "the request line is not METHOD, target and HTTP/1.1, one space apart")
    method, target, version = parts
    if (
        len(version) != 8
        or version[:5] != "HTTP/"
        or version[6] != "."
        or not (version[5] in _DIGITS and version[7] in _DIGITS)
    ):
        raise Refusal(400, "the request line does not end in HTTP/1.1")
    if version[5:] not in ("1.0", "1.1"):
        raise Refusal(505, "the camera speaks HTTP/1.1 and HTTP/1.0")
    if target[0:1] != "/" or not _is_made_of(target, _TARGET):
        raise Refusal(400, "the request target is not a path; write /path?query in ASCII")
    if "%" in target:
        _check_escapes(target)
    return method, target, version[5:]


def _check_escapes(target):
    for part in target.split("%")[1:]:
        if len(part) < 2 or part[0] not in _HEX or part[1] not in _HEX:
            raise Refusal(400, "a percent sign without two hex digits; write it as %25")


def _add_header(headers, line):
    name, colon, value = line.partition(":")
    if not colon or not _is_made_of(name, _TOKEN):
        raise Refusal(400, "a header line is not Name: value on one line, the colon at the name")
    name = name.lower()
    value = value.strip(" \t")
    if name in headers:
        if name in _SINGLE:
            raise Refusal(400, "the header " + name + " is there twice")
        value = headers[name] + ("; " if name == "cookie" else ", ") + value
    headers[name] = value


def _check_headers(version, headers):
    if "host" not in headers:
        if version == "1.1":
            raise Refusal(400, "the header Host is missing")
    elif not _is_made_of(headers["host"], _HOST):
        raise Refusal(400, "the header Host is not a host name with an optional port")
    length = headers.get("content-length")
    if length is not None and not _is_made_of(length, _DIGITS):
        raise Refusal(400, "the header Content-Length is not one whole number")
    if "transfer-encoding" in headers:
        if length is not None:
            raise Refusal(400, "Transfer-Encoding and Content-Length exclude each other")
        raise Refusal(501, "the camera takes no Transfer-Encoding; send a Content-Length")
    if headers.get("expect", "100-continue").lower() != "100-continue":
        raise Refusal(417, "the camera knows no expectation but 100-continue")


def phrase(status):
    """The reason phrase (str) of a status code (int): RFC 9110 section 15, else its class's."""
    return _PHRASES.get(status) or _CLASSES[min(max(status // 100, 1), 5) - 1]


def has_body(status):
    """Whether an answer with this status (int) may have content (RFC 9110 section 6.4.1)."""
    return status >= 200 and status != 204 and status != 304


def head_of(response, length):
    """The status line and headers of `response` (microdot.Response) with the empty line, bytes.

    length: bytes of the content, or None if it is not known. Raises ValueError if a header would
    break the head, so that no value can write headers of its own.
    """
    status = response.status_code
    lines = ["HTTP/1.1 {} {}".format(status, response.reason or phrase(status))]
    content = has_body(status)
    typed = not content
    for name, value in response.headers.items():
        lower = name.lower()
        if lower == "connection":
            continue
        if lower == "content-length" and (length is not None or not content):
            continue  # ours is the true one
        typed = typed or lower == "content-type"
        for item in value if isinstance(value, list) else (value,):
            lines.append(name + ": " + str(item))
        if not _is_made_of(name, _TOKEN):
            raise ValueError("the header name " + repr(name) + " is not a token")
    if not typed:
        lines.append("Content-Type: " + Response.default_content_type + "; charset=UTF-8")
    if content and length is not None:
        lines.append("Content-Length: " + str(length))
    lines.append("Connection: close\r\n\r\n")
    text = "\r\n".join(lines)
    breaks = len(lines) + 1
    if text.count("\r") != breaks or text.count("\n") != breaks or "\0" in text:
        raise ValueError("a header's value holds a line break")
    return text.encode()


class Server:
    """Listens, keeps the open connections and their deadlines, and counts. Owned by the camera.

    app: microdot.Microdot. limits: Limits. log: called with one line (str) for each fault of ours.
    It allocates one Connection and one task for each client.

    Deadlines are kept by one sweeping task that cancels the tasks of late connections.
    asyncio.wait_for would make a task and a closure for every single read, on MicroPython about
    as much heap as the rest of a request. The price: a time-out comes up to 0.1 s late.

    Counters (int): requests, refused (above the cap), rejected (not a request, or too large),
    timeouts, vanished, faults; `connections` is what is open now.
    """

    def __init__(self, app, limits=None, log=print):
        self.app = app
        self.limits = limits or Limits()
        self.requests = 0
        self.refused = 0
        self.rejected = 0
        self.timeouts = 0
        self.vanished = 0
        self.faults = 0
        self._log = log
        self._open = []
        self._serving = 0
        self._listener = None
        self._sweeper = None

    @property
    def connections(self):
        """How many connections are open now (int)."""
        return len(self._open)

    def counters(self):
        """The counters by name, for /api/status (dict of int)."""
        return {
            "connections": len(self._open),
            "requests": self.requests,
            "refused": self.refused,
            "rejected": self.rejected,
            "timeouts": self.timeouts,
            "vanished": self.vanished,
            "faults": self.faults,
        }

    async def start(self, host, port):
        """Listens on `host` (str) and `port` (int); raises OSError if it cannot."""
        self._listener = await asyncio.start_server(
            self._accept, host, port, backlog=self.limits.connections
        )
        self._sweeper = asyncio.create_task(self._sweep())

    async def close(self):
        """Stops listening and drops every connection."""
        self._listener.close()
        self._sweeper.cancel()
        for connection in list(self._open):
            connection.task.cancel()
        await self._listener.wait_closed()
        while self._open:
            await sleep_ms(5)

    def address(self):
        """(host, port) really bound on CPython, None where sockets cannot tell (MicroPython)."""
        sockets = getattr(self._listener, "sockets", None)
        return sockets[0].getsockname()[:2] if sockets else None

    def fault(self, error):
        """Counts and logs an exception that is ours, not the client's."""
        self.faults += 1
        self._log("camcors: a connection failed: " + repr(error))

    async def _accept(self, reader, writer):
        connection = Connection(self, reader, writer)
        self._open.append(connection)
        try:
            if self._serving < self.limits.connections:
                await self._serve(connection)
            else:
                self.refused += 1
                if len(self._open) - self._serving <= _TURNED_AWAY:
                    await connection.turn_away()
        except asyncio.CancelledError:
            pass  # by close(): nobody waits for this task
        finally:
            await connection.aclose()
            self._open.remove(connection)

    async def _serve(self, connection):
        self._serving += 1
        try:
            await connection.serve()
        finally:
            self._serving -= 1

    async def _sweep(self):
        while True:
            now = ticks_ms()
            for connection in self._open:
                deadline = connection.deadline
                if deadline is not None and ticks_diff(deadline, now) <= 0:
                    connection.expire()
            await sleep_ms(_SWEEP_MS)


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
            request = Request(
                self._server.app, self._client(), method, target, version, NoCaseDict(headers),
                body=body, sock=(self, self),
            )  # fmt: skip
        except ValueError:  # microdot decodes the query: %FF is no UTF-8
            raise Refusal(400, "the query is not percent-encoded UTF-8")
        request.max_content_length = self._limits.body_bytes  # above it, microdot answers 413
        return request

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
        status, reason = refusal.args
        headers = {"Retry-After": str(_RETRY_AFTER_S)} if status == 503 else None
        await self._respond(Response(reason + "\n", status, headers))
        await self._linger(self._limits.drain_bytes)

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
