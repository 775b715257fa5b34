"""A board's LED: dimmed by a person, or blinking what the camera has to say while nobody has set it."""

from machine import PWM, Pin

_FREQUENCY_HZ = 1000  # above what the sensor's exposure would see as stripes at half light
_FULL = 65535
_SIGNAL_PERCENT = 5  # a lamp that lights a room must not flash at full power


class Lamp:
    """One LED by PWM. Owned by the camera driver; allocates its PWM at the first use.

    wiring: (pin number, whether a high pin lights it), or None of a board that has none: it then stays
    at level 0.

    PWM and the sensor's clock share the chip's LEDC without meeting: the clock is channel 0 of the slow
    group (micropython-camera-API v0.6.2, modcamera.c; esp32-camera, xclk.c), PWM takes the fast group first
    (MicroPython v1.28.0, ports/esp32/machine_pwm.c), and on an ESP32-S3 the clock comes from elsewhere.
    """

    def __init__(self, wiring):
        #: In percent, 0 to 100, as a person has set it.
        self.level = 0
        self._wiring = wiring
        self._pwm = None
        self._is_taken = False

    def take(self, percent):
        """Set the level for a person (int, 0 to 100); from then on signal() does nothing."""
        if self._wiring:
            self._is_taken = True
            self.level = percent
            self._show(percent)

    def signal(self, is_on):
        """Lights it faintly, or puts it out, unless a person has set a level."""
        if self._wiring and not self._is_taken:
            self._show(_SIGNAL_PERCENT if is_on else 0)

    def _show(self, percent):
        pin, is_active_high = self._wiring
        duty = _FULL * percent // 100
        if not is_active_high:
            duty = _FULL - duty
        if self._pwm is None:
            self._pwm = PWM(Pin(pin), freq=_FREQUENCY_HZ, duty_u16=duty)
        else:
            self._pwm.duty_u16(duty)
