"""The end of the server before a soft reset: asked for in the REPL's thread, done in the server's.

A soft reset of the ESP32 deletes the server's thread wherever it is (ports/esp32/main.c of MicroPython,
soft_reset_exit). In the middle of a call to lwIP, what that holds is lost until a hard reset.
"""

import time

from strict.compat import const

from .http.clock import ticks_add, ticks_diff, ticks_ms

_WAIT_MS = const(5000)  # a sensor's capture() takes 4 s; mpremote gives a soft reset 10 s
_LOOK_S = 0.01


class Shutdown:
    """Owned by the start.

    is_asked: whether the server shall end. has_ended: whether its thread has let go of the network.
    """

    def __init__(self):
        self.is_asked = False
        self.has_ended = True  # until it begins

    def wait(self, wait_ms=_WAIT_MS):
        """Ask the server to end and wait for it, at most for `wait_ms` (int); return whether it has."""
        self.is_asked = True
        end = ticks_add(ticks_ms(), wait_ms)
        while not self.has_ended and ticks_diff(end, ticks_ms()) > 0:
            time.sleep(_LOOK_S)
        return self.has_ended


#: That of the camera's server.
shutdown = Shutdown()
