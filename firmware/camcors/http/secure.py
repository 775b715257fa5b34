"""A client's socket with TLS over it. On MicroPython with this project's C (firmware/native/tls.c) only."""

import select

try:
    import _tls
except ImportError:  # CPython, and a board with a MicroPython of its own
    _tls = None

from strict.compat import const

from .clock import sleep_ms
from .exchange import TLS_HANDSHAKE
from .transport import Transport, is_readable
from .waits import until_ready

_END = const(-29312)  # MBEDTLS_ERR_SSL_CONN_EOF: the client has closed without a word
_ENOMEM = const(12)
_ECONNRESET = const(104)
_ENOTCONN = const(128)
_LOOK_MS = const(1)
_SLICE_BYTES = const(8192)  # half a record: to encrypt it takes a chip milliseconds

#: Whether this firmware can serve https.
is_possible = _tls is not None


class SecureTransport(Transport):
    """As a Transport. Until shake() is over it is one of plain bytes.

    is_abandoned: whether it was to be closed while the worker had it, which then does so.
    """

    is_secure = True
    slice_bytes = _SLICE_BYTES

    def __init__(self, socket, address):
        super().__init__(socket, address)
        self._heard = socket
        self._wanted = select.POLLIN
        self._error = None
        self._worker = None
        self.is_abandoned = False  # not in the class: an end must allocate nothing

    async def speaks_tls(self):
        """Wait for the client's first byte; return whether it begins a handshake. Raise OSError if the client
        leaves."""
        while self._socket:
            first = _tls.peek(self._raw.fileno())
            if first is not None:
                return first == TLS_HANDSHAKE
            await until_ready(self._raw, select.POLLIN)
        raise OSError(_ENOTCONN)

    def wrap(self, context):
        """Have `context` (tls.SSLContext) speak TLS from here on."""
        self._socket = context.wrap_socket(self._raw, server_side=True, do_handshake_on_connect=False)

    async def shake(self, worker, note_news):
        """Do the handshake, each step in `worker` (handshakes.Worker). Raise OSError if it fails.

        note_news: called without arguments when the client has sent its part of it.
        """
        self._worker = worker
        while True:
            self._error = None
            worker.begin(self)
            while worker.has(self):
                await sleep_ms(_LOOK_MS)
            if self._error is not None:
                raise self._error
            if not self._wanted:
                self._heard = self._socket  # it may have what the raw one has no more
                return
            await until_ready(self._raw, self._wanted)
            note_news()

    def step(self):
        """Go as far as it goes without the client. Called by the worker's thread; raise nothing."""
        try:
            self._wanted = _tls.shake(self._socket)
        except Exception as exc:  # told to the task that waits
            self._socket = self._raw  # of which TLS has let go
            self._error = exc

    def take(self, inbox):
        if self._socket is self._raw or not self._socket:
            return super().take(inbox)
        try:
            return self._socket.readinto(inbox.room())
        except OSError as exc:
            if exc.args[0] == _END:
                return 0
            raise _lost(exc)

    async def receive(self, inbox):
        count = self.take(inbox)  # before the wait: TLS may have what the raw socket has no more
        while count is None:
            inbox.rest()
            await until_ready(self._raw, select.POLLIN)  # not over TLS, which a poller has to ask each time
            count = self.take(inbox)
        return count

    def until_heard(self):
        return sleep_ms(0)  # receive() knows when to wait

    def tell_no_memory(self, is_head):
        if self._socket is not self._raw:
            super().tell_no_memory(is_head)

    def is_readable(self):
        return bool(self._socket) and is_readable(self._heard)

    def send(self, data, start, size):
        try:
            return super().send(data, start, size)
        except OSError as exc:
            raise _lost(exc)

    def close(self, is_lost=False):
        """Close the socket, after the alert that says so; while the worker has it, after its step."""
        if self._worker is not None and self._worker.abandon(self):
            return
        if self._socket:
            if self._socket is not self._raw and not is_lost:
                _tls.end(self._socket)
            self._socket.close()  # that of TLS closes the raw one
            self._socket = None


def _lost(error):
    """Return an OSError as of a client that left, for one that breaks TLS; else `error` itself."""
    number = error.args[0] if error.args else 0
    return OSError(_ECONNRESET) if number < 0 else error


def is_ours(error):
    """Return whether a handshake failed for `error` that is no fault of the client's."""
    return not isinstance(error, OSError) or error.args[0] == _ENOMEM
