"""A sensor that nobody watches goes to standby; its driver wakes it for the next picture.

It would take about 100 mA, and be hot, for nothing (espressif/esp32-camera#54).
"""

from strict.compat import const

from .http.clock import Clock

DEFAULT_S = const(60)


def is_due(standby_s, idle_ms):
    """Return whether nobody has asked for a picture for so long that the sensor shall rest.

    standby_s: the setting (int), 0 for never.
    """
    return 0 < standby_s * 1000 <= idle_ms


class Standby:
    """Owned by the camera. It allocates nothing.

    camera: the driver. frames: stream.Frames over it, whose `askers` and `asked` tell who wants pictures.
    """

    def __init__(self, camera, frames):
        self._camera = camera
        self._frames = frames
        self._clock = Clock()
        self._asked = 0
        self._idle_since_ms = 0

    def poll(self):
        """Put the sensor into standby if it is time to. Called between the requests, every second or so."""
        now = self._clock.read_ms()
        if self._frames.askers or self._frames.asked != self._asked:
            self._asked = self._frames.asked
            self._idle_since_ms = now
        elif is_due(self._camera.standby_s, now - self._idle_since_ms):
            self._camera.stand_by()
