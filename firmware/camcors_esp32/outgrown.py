"""Pictures that outgrow their buffer: which quality they are lowered to, and when another attempt is due.

Such a picture, of more than a fifth of a byte a pixel, lies in the queue without its end. So the module's
frame_available() says yes; its capture() drops the picture, waits for the next one and gives None
(esp32-camera, cam_hal.c, cam_take). Then the quality is lowered by a step. With the coarsest one there is no
other attempt for a minute.
"""

import time

from camcors.log import log
from strict.compat import const

_STEP = const(10)
_RETRY_S = const(60)

_OUTGROWN = "pictures outgrow their buffer at quality {}; "
_COARSER = _OUTGROWN + "lowered to {}"
_COARSEST = _OUTGROWN + "choose another frame_size"


class Outgrown:
    """Owned by the camera driver, which sets the sensor.

    quality: what the quality was lowered to (int), or None. It outlives a standby and a restart of the
    sensor, after which the first picture would fail again.
    """

    def __init__(self):
        self.quality = None
        self._failed_s = None  # when a picture of the coarsest quality outgrew its buffer

    def is_waiting(self):
        """Return whether pictures outgrow their buffer at any quality, and no other attempt is due."""
        return self._failed_s is not None and 0 <= time.time() - self._failed_s < _RETRY_S

    def lower(self, quality):
        """Lower `quality` (int), at which a picture has outgrown its buffer; return that in words."""
        self.quality = max(1, quality - _STEP)
        if quality == 1:
            self._failed_s = time.time()
            return _COARSEST.format(quality)
        words = _COARSER.format(quality, self.quality)
        log.say("camcors: camera: " + words)
        return words

    def limit(self, quality):
        """Return `quality` (int), or what it was lowered to if that is less."""
        return quality if self.quality is None else min(quality, self.quality)

    def retry(self):
        """Make another attempt due, of the same quality."""
        self._failed_s = None

    def forget(self):
        """Start again, as for pictures of another frame size."""
        self.quality = self._failed_s = None
