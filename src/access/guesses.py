"""What a wrong token costs: its answer waits, the longer the more were wrong of late, whoever sent them.

A right token is answered at once, always: a delay that it shared could be used to lock its owner out. So the
delay saves no secret by itself (128 random bits do that); it keeps guesses from taking the camera's time, and
the counter shows them.

On a camera this module is there only while somebody is wrong, see strict/late.py.
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


def wrong(lock, now_s):
    """Take note of a wrong token at the uptime now_s. Return the milliseconds that its answer waits (int).

    A Lock remembers for it how many tokens were wrong, and in `failed` those of late (int) and when the last
    of them was.
    """
    failures, last_s = lock.failed
    failures = remembered(failures, now_s - last_s) + 1
    lock.failed = failures, now_s
    lock.guesses += 1
    return delay_ms(failures)
