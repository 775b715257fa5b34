"""The watchdog: a server that stands still, or has no memory for long, restarts the board.

machine.WDT of the ESP32 is ESP-IDF's task watchdog (ports/esp32/machine_wdt.c of MicroPython, 1.25 and 1.28
alike). Nothing stops it, and it outlives a soft reset, after which nobody would feed it. But made again it
takes another time-out and starts over (esp_task_wdt_reconfigure), and a hard reset ends it. So it is armed
only once the camera has served, and after a soft reset it gets a day until then.

Whoever holds the REPL shares the interpreter with the server's thread, which goes on and feeds.
"""

import time

import machine

from strict.compat import const

from . import note
from .http.clock import sleep_ms

#: Less than a minute with the start after it; a handler may hold the server for so long.
TIMEOUT_MS = const(30000)
_REST_MS = const(86400000)  # a day: ESP-IDF counts four ticks for each millisecond, in 32 bits
_REST_FEED_S = const(3600)
_LOOKS = const(6)  # in the time of one time-out
_TELL_AT = const(3)  # looks in vain after which the reason is written down
_WORDS = const(1024)  # that the heap has to have in one piece: an answer of /api/status takes as many
_RESERVE = const(1024)  # bytes for writing the reason: twice as many as it takes
_FULL_HEAP = b'{"cause":"watchdog","reason":"the heap was full"}'  # made before: then there is no memory


class Watchdog:
    """Owned by the camera. It takes a block of the heap for a moment, six times in a time-out, and keeps
    another one.

    timeout_ms: how long nobody may look once it is armed. is_armed: whether one of the chip runs. task: that
    of `keep`, held here.
    """

    def __init__(self, timeout_ms=TIMEOUT_MS):
        self.timeout_ms = timeout_ms
        self.task = None
        self._looks = 0  # in vain, one after the other
        self._has_told = False  # whether a reason is written down
        self._reserve = bytearray(_RESERVE)  # now, so that it does not lie where later a picture might
        self._wdt = None
        if machine.reset_cause() == machine.SOFT_RESET:
            try:
                self._wdt = machine.WDT(timeout=_REST_MS)  # the one of before may run
            except OSError:
                pass  # then none does, and `arm` says so

    @property
    def is_armed(self):
        return self._wdt is not None

    def rest(self):
        """Feed it where no server does: a thread's own function; returns only if none runs."""
        while self.is_armed:
            self._wdt.feed()
            time.sleep(_REST_FEED_S)

    def arm(self):
        """From now on the board is reset if nobody looks for the time-out. Raises OSError."""
        self._wdt = machine.WDT(timeout=self.timeout_ms)

    async def keep(self):
        """Look again and again. A task of the server's loop: where that stands still, nobody comes here."""
        while True:
            self.look()
            await sleep_ms(self.timeout_ms // _LOOKS)

    def look(self):
        """Feed it if the heap has a block to give."""
        try:
            _take_block()
            if self._reserve is None:
                self._reserve = bytearray(_RESERVE)
        except MemoryError:
            self._looks += 1
            if self._looks >= _TELL_AT and not self._has_told:
                self._tell()
            return
        self._looks = 0
        if self._has_told:
            note.forget()
            self._has_told = False
        if self._wdt is not None:
            self._wdt.feed()

    def _tell(self):
        """Write down why the reset will come. Raises nothing: without a reason it comes all the same."""
        self._reserve = None
        try:
            note.write(_FULL_HEAP)
            self._has_told = True
        except MemoryError:
            pass


def _take_block():
    """Take a block of the heap and give it back: a list does so at once, a bytearray when somebody collects.
    Raises MemoryError."""
    ([None] * _WORDS).clear()
