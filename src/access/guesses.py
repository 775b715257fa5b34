"""What a wrong token costs: its answer waits, the longer the more were wrong of late, whoever sent them.

A right token is answered at once, always: a delay that it shared could be used to lock its owner out. So the
delay saves no secret by itself (128 random bits do that); it keeps guesses from taking the camera's time, and
the counter shows them.
"""

from strict.compat import const

_FIRST_MS = const(250)
_COUNTED_MAX = const(5)  # failures that are remembered: the longest delay is 4 s
_FORGET_S = const(30)  # one failure is forgotten for each


def delay_ms(failures):
    """Return for how long the answer to the last of so many failures waits (int)."""
    return _FIRST_MS << min(failures, _COUNTED_MAX) - 1 if failures else 0


def remembered(failures, passed_s):
    """Return how many of so many failures are remembered when `passed_s` seconds have passed (int)."""
    return max(0, min(failures, _COUNTED_MAX) - passed_s // _FORGET_S)


class Guesses:
    """Counts wrong tokens since the start.

    count: how many there were (int).
    """

    def __init__(self):
        self.count = 0
        self._failures = 0
        self._last_s = 0

    def wrong(self, now_s):
        """Take note of a wrong token; now_s: uptime. Return the milliseconds that its answer waits (int)."""
        self.count += 1
        self._failures = remembered(self._failures, now_s - self._last_s) + 1
        self._last_s = now_s
        return delay_ms(self._failures)
