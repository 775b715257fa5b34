"""A new image is on trial until it has served; if it is reset before, the bootloader starts the old one.

ESP-IDF Programming Guide, "App Rollback"; boards/common/sdkconfig.camera asks for it. An image that was
flashed over a cable is on no trial: only an update that is written to the other slot will be.
"""

from strict.compat import const

from .http.clock import Clock

_LONG_ENOUGH_MS = const(600000)  # a camera that nobody asks for a picture runs well all the same


class Trial:
    """Owned by the server's thread. Allocates a clock.

    mark: called without arguments once the image has passed; None on a board without slots.
    """

    def __init__(self, mark):
        self._mark = mark
        self._clock = Clock()

    def poll(self, requests):
        """End the trial if it is passed. requests: int, those that the server has taken since its start."""
        mark = self._mark
        if mark is None or not (requests or self._clock.read_ms() >= _LONG_ENOUGH_MS):
            return
        self._mark = None
        try:
            mark()
        except OSError:
            pass  # the slots have no record: there is no image to go back to


def of_board():
    """Return the Trial of the image that runs (Trial)."""
    try:
        from esp32 import Partition
    except ImportError:
        return Trial(None)
    return Trial(getattr(Partition, "mark_app_valid_cancel_rollback", None))
