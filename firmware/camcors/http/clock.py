"""Time: the clock that limits are timed by, since the start, and at an even pace."""

try:
    from asyncio import sleep_ms
    from time import ticks_add, ticks_diff, ticks_ms
except ImportError:  # CPython has neither
    import asyncio
    import time

    def ticks_ms():
        """Return milliseconds of a clock that only goes forward."""
        return time.monotonic_ns() // 1000000

    def ticks_add(ticks, delta_ms):
        """`ticks` moved by `delta_ms`."""
        return ticks + delta_ms

    def ticks_diff(end, start):
        """Return milliseconds from `start` to `end`."""
        return end - start

    def sleep_ms(duration_ms):
        """Awaitable that ends after `duration_ms`."""
        return asyncio.sleep(duration_ms / 1000)


class Clock:
    """Time since its making, exact past the wrap of ticks_ms if read at least every 12 days."""

    def __init__(self):
        self._last = ticks_ms()
        self._wrap = ticks_add(0, -1) + 1
        self._ms = 0

    def read_ms(self):
        """Return milliseconds since the making (int)."""
        now = ticks_ms()
        passed = ticks_diff(now, self._last)
        self._ms += passed if passed >= 0 else passed + self._wrap
        self._last = now
        return self._ms


class Pace:
    """When something is due that happens a number of times a second, the first time at once.

    The times lie on a schedule, so that small delays do not add up. After a delay longer than the
    time between two, the schedule starts over, and nothing is made up for in a burst.

    due: ticks from which on it may happen.
    """

    def __init__(self):
        self.due = ticks_ms()
        self._rest = 0  # what whole milliseconds have left over, in parts of one

    def wait_ms(self):
        """Return milliseconds until it is due (int), 0 or less if it is."""
        return ticks_diff(self.due, ticks_ms())

    def step(self, rate):
        """It happens now; the next time lies 1 / `rate` (int, per second) after this one.

        Return whether it may (bool): not if that would be a whole interval too early, which changes nothing.
        """
        late_ms = ticks_diff(ticks_ms(), self.due)
        parts = 1000 + self._rest % rate  # the rate may have changed
        interval_ms = parts // rate
        if late_ms <= -interval_ms:
            return False
        self._rest = parts % rate
        self.due = ticks_add(self.due, late_ms + interval_ms if late_ms > interval_ms else interval_ms)
        return True
