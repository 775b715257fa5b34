"""The heap's figures for /api/status, measured beside the requests.

gc.mem_alloc() and gc.mem_free() walk the whole heap, each for itself: 6 million instructions for 4 MB, where
a whole request takes one. Both are needed, since the heap of an ESP32 grows and has no fixed size. All others
wait meanwhile, so the longer it takes the more rarely it is done: for a thousandth of the time, at most.
"""

import gc

from strict.compat import const

from .http.clock import ticks_diff, ticks_ms

try:
    import system_heap  # firmware/native/system_heap.c
except ImportError:
    system_heap = None  # the MicroPython is not of this build

_PAUSE_S = const(5)  # between two samples while somebody reads them
_IDLE_PAUSE_S = const(60)


class Heap:
    """What the heap had at the last sample. Owned by the State; allocates one dict for each sample.

    A sample is made when it is called for, which `poll` does at most every 5 s if the last one was read, and
    every minute if not; and not before a thousand times as long as it took.
    """

    def __init__(self):
        self._sampled_s = 0
        self._rest_s = 0
        self._figures = None
        self._was_read = False

    def sample(self, uptime_s):
        """Measure, `uptime_s` (int) seconds after the start; return the bytes that are free (int)."""
        start = ticks_ms()
        used, free = gc.mem_alloc(), gc.mem_free()
        # Its milliseconds are the seconds of a thousand times as long.
        self._rest_s = ticks_diff(ticks_ms(), start)
        left = None if system_heap is None else system_heap.free()
        self._figures = {"used": used, "free": free, "system_free": left, "sampled_s": uptime_s}
        self._sampled_s = uptime_s
        self._was_read = False
        return free

    def poll(self, uptime_s):
        """Measure if it is time to. Called every second or so, while no request is at work."""
        pause_s = _PAUSE_S if self._was_read else _IDLE_PAUSE_S
        if uptime_s - self._sampled_s >= max(pause_s, self._rest_s):
            self.sample(uptime_s)

    def report(self):
        """Return the `heap` object of /api/status: bytes used and free, those left to the system (None where
        nobody knows), and the uptime at which all were measured; None before the first sample."""
        self._was_read = True
        return self._figures
