"""TLS handshakes: a few at a time, worked on in a thread of their own.

A signature and two products on P-256 take an ESP32 a third of a second. The thread lets all others run
meanwhile (firmware/native/tls.c). It only calculates; the task of each connection waits for its client.

A handshake costs the memory of TLS before anybody knows who asks, so limits.tls_handshakes bounds them. Who
has got a place and says nothing for a second gives it up to the next one that waits.
"""

import _thread

from strict.compat import const

from .clock import sleep_ms, ticks_diff, ticks_ms
from .exchange import SETTLED_MS

_LOOK_MS = const(20)
_STOP_LOOK_MS = const(5)


class Worker:
    """The thread. One step at a time; a step belongs to it until it is done."""

    def __init__(self):
        self._steps = []
        self._lock = _thread.allocate_lock()  # over what is left to whom
        self._wake = _thread.allocate_lock()
        self._wake.acquire()
        self._is_asked_to_end = False
        self.has_ended = False
        _thread.start_new_thread(self._run, ())

    def begin(self, transport):
        """Have the next step of `transport` (SecureTransport) done."""
        with self._lock:
            self._steps.append(transport)
        self._rouse()

    def has(self, transport):
        """Return whether a step of `transport` is not done yet."""
        return transport in self._steps

    def abandon(self, transport):
        """Return whether a step of `transport` is not done yet; it is closed after that."""
        with self._lock:
            if transport in self._steps:
                transport.is_abandoned = True
                return True
        return False

    def end(self):
        """Ask the thread to end; `has_ended` says when it has."""
        self._is_asked_to_end = True
        self._rouse()

    def _rouse(self):
        if self._wake.locked():
            self._wake.release()

    def _run(self):
        while not self._is_asked_to_end:
            self._wake.acquire()
            while self._steps:
                self._do(self._steps[0])
        self.has_ended = True

    def _do(self, transport):
        transport.step()
        with self._lock:
            self._steps.remove(transport)
        if transport.is_abandoned:
            transport.close(True)


class Handshakes:
    """Owned by the Server. context: the tls.SSLContext of new connections. failed: how many handshakes were
    none (int)."""

    def __init__(self, limits, evict):
        """evict: called with a connection that has to end for another one."""
        self.context = None
        self.failed = 0
        self._limits = limits
        self._evict = evict
        self._holders = []
        self._worker = None

    def start(self):
        """Start the thread, if it does not run. Raise OSError or RuntimeError for want of memory."""
        if self._worker is None:
            self._worker = Worker()

    async def stop(self):
        """End the thread; no handshake may be under way."""
        worker = self._worker
        if worker is not None:
            self._worker = None
            worker.end()
            while not worker.has_ended:
                await sleep_ms(_STOP_LOOK_MS)

    async def shake(self, connection, transport):
        """Do the handshake of `connection` (Connection). Raise OSError if it fails."""
        while not self._take(connection, ticks_ms()):
            await sleep_ms(_LOOK_MS)
        try:
            connection.note_news()  # its silence counts from here
            transport.wrap(self.context)
            await transport.shake(self._worker, connection.note_news)
        finally:
            self._holders.remove(connection)

    def _take(self, connection, now):
        """Return whether `connection` has got a place; else who has been silent longest loses his."""
        if len(self._holders) < self._limits.tls_handshakes:
            self._holders.append(connection)
            return True
        silent = None
        for each in self._holders:
            if silent is None or ticks_diff(each.exchange.since, silent.exchange.since) < 0:
                silent = each
        if not silent.exchange.is_ended and ticks_diff(now, silent.exchange.since) >= SETTLED_MS:
            self._evict(silent)
        return False
