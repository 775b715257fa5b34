"""A new image is on trial until it has served; if it is reset before, the bootloader starts the old one.

ESP-IDF Programming Guide, "App Rollback"; boards/common/sdkconfig.camera asks for it. An image that was
flashed over a cable is on no trial: only an update that is written to the other slot will be. A
camera has this module until the trial is over, see strict/late.py.
"""

from strict.compat import const

from .http.clock import Clock

_LONG_ENOUGH_MS = const(600000)  # a camera that nobody asks for a picture runs well all the same

# ESP_FAIL and ESP_ERR_NOT_FOUND, as the port says them: the flash has no record of slots, or a blank one.
# Then no image is on trial (esp-idf v5.5.1, components/app_update/esp_ota_ops.c).
_NO_RECORD = (1, -0x105)


class Trial:
    """Owned by the server's thread, until it is over. Allocates a clock.

    fault: as `mark` has it.
    """

    def __init__(self, fault):
        self._fault = fault
        self._clock = Clock()

    def poll(self, has_answered):
        """Return whether the trial is over, and passed. has_answered: bool, whether the server has answered a
        request. Raises MemoryError where it is to be called again."""
        if not (has_answered or self._clock.read_ms() >= _LONG_ENOUGH_MS):
            return False
        mark(self._fault)
        return True


def mark(fault):
    """Have the bootloader start the image that runs from now on.

    fault: called with words (str) if it may not do so.
    """
    try:
        from esp32 import Partition

        Partition.mark_app_valid_cancel_rollback()
    except (ImportError, AttributeError):
        pass  # the camera on your desk has no bootloader
    except OSError as exc:
        if exc.errno not in _NO_RECORD:
            fault("the image cannot be marked as good (" + repr(exc) + "): flash it over a cable")
