"""The camera of the ESP32 boards: a sensor behind micropython-camera-API's module `camera` (v0.6.2).

What its sources say, and what is done about it (modcamera.c, modcamera_api.c; esp32-camera, cam_hal.c):
- capture() waits up to 4 s for a picture. So it is called only when frame_available() says that a picture is
  there. What remains: the constructor takes a picture itself. Of a sensor that answers on I2C and sends
  nothing, each start costs those 4 s for each attempt of probe.py, three at most; it is tried again at most
  once a minute, and only while somebody asks for pictures.
- A picture may be larger than its buffer: outgrown.py.
- The picture is a memoryview of signed bytes over the driver's buffer. Whoever takes it copies it at once and
  calls release(), which gives the buffer back: with one buffer no new picture comes before.
- The module's object outlives a soft reset, and its constructor shuts down what it finds running.
- A larger frame size needs larger buffers: reconfigure() makes them, and the sensor forgets its settings.
  Its argument cannot be QVGA: 6 is MP_ROM_NONE there, "not given". So the property is set first.
- It has no standby. So the object is shut down, which gives its buffers back as well, the clock is stopped,
  and the next picture waits for a new start and for the sensor to find its exposure: two seconds or so.
- The buffers are in PSRAM. Without it, or without a sensor, there is no picture, and all else works.
"""

import time

import camera

import board
from camcors.http.clock import ticks_diff, ticks_ms
from camcors.log import log
from camcors.stream import CaptureFailed
from camcors_esp32 import fields, power, probe, sensors
from camcors_esp32.lamp import Lamp
from camcors_esp32.outgrown import Outgrown
from strict import field as kinds

_WAIT_MS = 4000  # esp32-camera, esp_camera.c: FB_GET_TIMEOUT
_STALE_MS = 500
# First pictures are dark or green (espressif/esp32-camera#633, #314). Longer than _STALE_MS: with one buffer,
# the picture of the start has waited in it for so long, and is dropped.
_SETTLE_MS = 1000
_POLL_MS = 5
_RETRY_S = 60

_RESTARTED = "the sensor was restarted"
_STAYS_ON = "camcors: camera: the sensor stays on in standby: {}; check powerdown_pin and xclk_pin of CAMERA"


class Camera:
    """One sensor and its lamp. Owned by the camera server, whose thread alone calls it.

    It allocates the fields' tables at the start, and one view a picture; the pictures are in the driver's own
    memory.

    name: the sensor's, once it is started. FIELDS: what it can be set to; of the class all that any sensor
    takes, of an object what its sensor takes, nothing while it has none. error: why there are no pictures, in
    words, or None. is_standby: whether the sensor rests until the next poll(); what is set then is in force
    once it wakes.
    """

    FIELDS = fields.FIELDS

    def __init__(self):
        self.name = "camera"
        self.error = None
        self.is_standby = False
        self.FIELDS = {}
        self._camera = None
        self._settings = {}
        self._wished = {}
        self._faults = []
        self._found = None  # the attempt of probe.py with which the sensor was found
        self._keeps_stale = False
        self._has_told = False  # that it cannot be switched off
        self._tried_s = 0
        self._outgrown = Outgrown()
        self._waits_since = None
        self._woken = None
        self._used = ticks_ms()
        self._lamp = Lamp(board.LAMP or board.LED)
        self._signal = Lamp(board.LED) if board.LAMP else self._lamp

    def start(self, wished):
        """Power it up and set the fields in `wished` (dict, checked with the class's FIELDS) -> faults
        (list of str)."""
        self._wished = dict(wished)
        for lamp in (self._lamp, self._signal):
            lamp.signal(False)
        self._open()
        return [self.error] if self.error else self._faults

    def settings(self):
        """Return a new dict, field -> current value; empty without a sensor."""
        return dict(self._settings)

    def set(self, field, value):
        """Change a field, in force at one of the next pictures.

        Raises KeyError for a field that is not in FIELDS, ValueError for a value that it does not accept or
        the sensor refuses, OSError, in words, if the camera did not come back with another frame size.
        """
        if self._put(field, value):
            self._wished[field] = value
            if field == "quality":
                self._outgrown.quality = None
            elif field == "frame_size":
                self._outgrown.forget()
                self._put("quality", self._wishes()["quality"])

    @property
    def standby_s(self):
        """After how many seconds without anybody who wants a picture it rests (int), 0 for never."""
        return self._settings.get("standby_s", 0)

    @property
    def led(self):
        """The lamp's level in percent, 0 (off) to 100. A board without a lamp stays at 0."""
        return self._lamp.level

    @led.setter
    def led(self, percent):
        self._lamp.take(percent)

    def signal(self, is_on):
        """Show a state on the board's LED; do nothing once a person has set its level."""
        self._signal.signal(is_on)

    def poll(self):
        """Return milliseconds (int) until the next call is of use, or None if capture() will not wait: a
        picture is there, or waiting for one is of no use. Raises CaptureFailed."""
        if self._outgrown.is_waiting():
            return None
        if self.is_standby:
            self._wake()
        if self._camera is None:
            return None
        now = ticks_ms()
        if self._woken is not None:
            passed_ms = ticks_diff(now, self._woken)
            if 0 <= passed_ms < _SETTLE_MS:
                return _SETTLE_MS - passed_ms
            self._woken = None
        if self._camera.frame_available():
            if not self._keeps_stale or ticks_diff(now, self._used) < _STALE_MS:
                return None
            if self._camera.capture() is None:  # taken just after the last one was released
                self._coarsen()
            self.release()
            self._waits_since = now
        # Who waits beside one that has waited in vain has waited long enough; who comes later has not.
        waited_ms = -1 if self._waits_since is None else ticks_diff(now, self._waits_since)
        if not 0 <= waited_ms < 2 * _WAIT_MS:
            self._waits_since = now
            waited_ms = 0
        return _POLL_MS if waited_ms < _WAIT_MS else None

    def capture(self):
        """One JPEG in a memoryview of signed bytes, valid until release(). Raises CaptureFailed."""
        if self._outgrown.is_waiting():
            raise CaptureFailed(self.error)
        if self._camera is None or not self._camera.frame_available():
            self._fail()
        try:
            jpeg = self._camera.capture()
        except MemoryError:  # for the view: the sensor has lent its buffer all the same
            self._camera.free_buffer()
            raise
        self._waits_since = None
        if jpeg is None:
            self._coarsen()
        self.error = None
        return jpeg

    def release(self):
        """Say that the last picture has been copied; the sensor may use its buffer again."""
        if self._camera is not None:
            self._used = ticks_ms()
            self._camera.free_buffer()

    def stand_by(self):
        """Rest until the next poll(), with the settings that there are."""
        if self._camera is None:
            return
        try:
            self._camera.deinit()
        except Exception:  # as while another thread waits for a picture (camera_wait.c); there is a next time
            return
        self._camera = None
        self.is_standby = True
        try:
            power.rest(board.CAMERA)
        except Exception as exc:  # a pin of /lib/board.py that the chip lacks must not end the server
            if not self._has_told:
                self._has_told = True
                log.say(_STAYS_ON.format(exc))

    def deinit(self):
        """Switch the sensor off; a later capture() starts it again."""
        self.is_standby = False
        sensor, self._camera = self._camera, None
        self._settings = {}
        self.FIELDS = {}
        if sensor is not None:
            sensor.deinit()

    def _wake(self):
        """Restart the sensor after its standby; what it has taken before is gone with the buffers."""
        self.is_standby = False
        self._open()
        for fault in self._faults:
            log.say("camcors: " + fault)
        self._woken = self._used = ticks_ms()
        self._waits_since = None

    def _coarsen(self):
        """Lower the quality of pictures that outgrow their buffer. Raises CaptureFailed."""
        self.error = self._outgrown.lower(self._settings["quality"])
        self._put("quality", self._outgrown.quality)
        raise CaptureFailed(self.error)

    def _fail(self):
        """Raises CaptureFailed, after a new start if one is due."""
        if self._camera is not None:
            self.error = probe.STALLED
        # Not by ticks, which turn over between two people who ask a week apart.
        if self.error != probe.NO_PSRAM and not 0 <= time.time() - self._tried_s < _RETRY_S:
            self._open()
            self._waits_since = None
        raise CaptureFailed(self.error or _RESTARTED)

    def _open(self):
        """Restart the sensor with the fields that were asked for; set `error`."""
        self._tried_s = time.time()
        self._faults = []
        try:
            self.deinit()
            power.bring_up(board.POWER["i2c"])
            start = dict(probe.START)
            start["quality"] = self._outgrown.limit(start["quality"])
            self._camera, self._found = probe.find(start, self._found)
            self._keeps_stale = probe.has_one_buffer(self._found)
            self.name = self._camera.sensor_name
            self._settings = start
            self._outgrown.retry()
            self.FIELDS = sensors.fields_of(self._camera)
            sensors.read(self._camera, self.FIELDS, self._settings)
            self.error = None
        except Exception as exc:  # whatever the driver says, the server runs on and reports it
            self._camera = None
            self.error = probe.words(exc, self._found or probe.first_attempt())
            return
        wishes = self._wishes()
        for field in sorted(wishes, key=_frame_size_first):
            self._wish(field, wishes[field])

    def _wishes(self):
        wishes = {"quality": probe.START["quality"]}
        wishes.update(board.DEFAULTS.get(self.name, {}))  # those for any sensor came with what was asked for
        wishes.update(self._wished)
        wishes["quality"] = self._outgrown.limit(wishes["quality"])
        return wishes

    def _wish(self, field, value):
        try:
            self._put(field, value)
            return
        except KeyError:
            what = " has no such setting"
        except (OSError, ValueError) as exc:
            what = " refused it: " + str(exc.args[-1])
        self._faults.append("camera." + field + ": the sensor " + self.name + what)

    def _put(self, field, value):
        """Check a field's value, and give it to a sensor that is awake; return whether it is a new one."""
        kind, limit = self.FIELDS[field]
        if kinds.check(kind, limit, value):
            raise ValueError("{} must be {}".format(field, kinds.describe(kind, limit)))
        if self._settings[field] == value:
            return False
        if not self.is_standby:
            self._apply(field, value)
        self._settings[field] = value
        return True

    def _apply(self, field, value):
        if field == "frame_size":
            self._resize(value)
        elif field != "standby_s":
            sensors.put(self._camera, field, value)

    def _resize(self, name):
        size = getattr(camera.FrameSize, name)
        try:
            self._camera.frame_size = size
            self._camera.reconfigure()
            if self._camera.frame_size != size:
                raise ValueError(sensors.NOT_TAKEN)
        except (OSError, ValueError) as exc:  # a ValueError may come before anything was shut down
            if self._wished.get("frame_size") == name:  # else the new start would fail the same way
                del self._wished["frame_size"]
            self._open()
            raise OSError(probe.words(exc, self._found))
        for field, value in self._settings.items():
            if field != "frame_size":
                self._apply(field, value)


def _frame_size_first(field):
    return field != "frame_size", field
