"""camera as micropython-camera-API v0.6.2 has it (src/modcamera.c, src/modcamera_api.c).

What a test may break: `sensor`, `has_frames`, `fits`, `fastest_hz`, `has_memory`, `errors`, `knows_pins`,
`is_waited_for`, `most_buffers`, `room`, `start_errors`.
"""

from array import array

from clock import clock

#: "OV2640", "OV5640", "GC2145", which makes no JPEG, or None: nothing answers.
sensor = "OV2640"
#: Set to False: the sensor answers and sends no picture, so each capture blocks for 4 s.
has_frames = True
#: The finest quality, of the module's, whose pictures fit their buffer: a finer one's is in the queue without
#: its end, and each capture drops it and blocks for 4 s (esp32-camera 22e014b, cam_hal.c, cam_take).
fits = 100
#: The fastest clock at which the sensor answers; or sends pictures, if `is_deaf` is False.
fastest_hz = 40000000
is_deaf = True
#: Set to False: a capture lends its buffer, and then has no memory for the view of it.
has_memory = True
#: MICROPY_CAMERA_ALL_REQ_PINS_DEFINED: the module was built for a board, and needs no pins.
knows_pins = False
#: Set to True: another thread waits for a picture, so that deinit() is refused (camera_wait.c).
is_waited_for = False
#: How many buffers the sensor sends pictures into; with more it sends none.
most_buffers = 2
#: How many buffers the PSRAM has room for.
room = 2
#: Exceptions that the next starts raise, None for one that goes well.
start_errors = []
#: Exceptions that the next calls of reconfigure() raise; what is no ValueError after it has shut down.
errors = []
#: Fields that the sensor refuses whatever the value, as set_dummy() of esp32-camera's sensors does.
refused = ("sharpness", "denoise")
#: Fields whose setter fails on I2C: it says 1, where the module looks for < 0, and the old value stays.
stuck = ()
#: What happened, in order, and for how long MicroPython's lock was held.
log = []
blocked_ms = 0

_NONE = 6  # MP_ROM_NONE in object representation A, with which the module compares the argument
_ENOENT = 2
_EOPNOTSUPP = 95
_FRAME_MS = 40


class PixelFormat:
    JPEG = 4
    RGB565 = 0


class GrabMode:
    WHEN_EMPTY = 0
    LATEST = 1


class FrameSize:
    QQVGA, QVGA, CIF, HVGA, VGA, SVGA, XGA, HD, SXGA, UXGA, FHD, QXGA, QSXGA = (
        1, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 23,
    )  # fmt: skip


_LARGEST = {"OV2640": FrameSize.UXGA, "OV5640": FrameSize.QSXGA, "GC2145": FrameSize.UXGA}
_WITHOUT_JPEG = ("GC2145",)
_SPANS = {
    "OV2640": {"brightness": 2, "contrast": 2, "saturation": 2, "ae_level": 2},
    "OV5640": {"brightness": 3, "contrast": 3, "saturation": 4, "sharpness": 3, "ae_level": 5},
}
_FIRST = {
    "brightness": 0, "contrast": 0, "saturation": 0, "sharpness": 0, "denoise": 0, "hmirror": False,
    "vflip": False, "whitebal": True, "wb_mode": 0, "gain_ctrl": True, "agc_gain": 5, "exposure_ctrl": True,
    "aec_value": 300, "ae_level": 0, "special_effect": 0,
}  # fmt: skip

#: When the sensor was started, in virtual milliseconds, and with which clocks in Hz.
started_at = []
clocks = []

#: The module has one object, which outlives a soft reset.
_running = None


def _field(name):
    def get(self):
        self._check_on(name)
        return self._values[name]

    def put(self, value):
        self._check_on(name)
        span = _SPANS[sensor].get(name)
        if name in refused or (span is not None and not -span <= value <= span):
            raise ValueError("Invalid setting for " + name)
        log.append([name, value])
        if name not in stuck:
            self._values[name] = value

    return property(get, put)


class Camera:
    frame_size = _field("frame_size")
    quality = _field("quality")
    brightness = _field("brightness")
    contrast = _field("contrast")
    saturation = _field("saturation")
    sharpness = _field("sharpness")
    denoise = _field("denoise")
    hmirror = _field("hmirror")
    vflip = _field("vflip")
    whitebal = _field("whitebal")
    wb_mode = _field("wb_mode")
    gain_ctrl = _field("gain_ctrl")
    agc_gain = _field("agc_gain")
    exposure_ctrl = _field("exposure_ctrl")
    aec_value = _field("aec_value")
    ae_level = _field("ae_level")
    special_effect = _field("special_effect")

    def __init__(
        self, *, data_pins=None, pclk_pin=22, vsync_pin=25, href_pin=23, sda_pin=-1, scl_pin=-1, xclk_pin=0,
        i2c=None, xclk_freq=20000000, powerdown_pin=-1, reset_pin=-1, pixel_format=0, frame_size=1,
        jpeg_quality=85, fb_count=1, grab_mode=0, init=True,
    ):  # fmt: skip
        global _running
        if data_pins is None and not knows_pins:
            raise TypeError("function missing required keyword argument 'data_pins'")
        if data_pins is not None and (type(data_pins) is not list or len(data_pins) != 8):
            raise TypeError("data_pins must be a list or bytearray")
        if not 0 <= jpeg_quality <= 100:
            raise ValueError("jpeg quality must be in range 0-100")
        if _running is not None:
            _running.deinit()
        self._values = {}
        self._fb_count = fb_count
        self._grab_mode = grab_mode
        self._pixel_format = pixel_format
        self._clock_hz = xclk_freq
        self._buffers = [array("b", bytes(64)) for _ in range(fb_count)]
        self._held = None
        self._count = 0
        self._freed = clock.now
        self._is_on = False
        started_at.append(clock.now)
        clocks.append(xclk_freq)
        log.append(["init", frame_size, jpeg_quality, fb_count, grab_mode])
        self._init(frame_size, jpeg_quality)
        _running = self
        if self.capture() is None:
            self.deinit()
            raise OSError(
                "Failed to capture initial frame. Construct a new object with appropriate configuration."
            )
        self.free_buffer()

    def _init(self, frame_size, quality):
        error = start_errors.pop(0) if start_errors else None
        if error:
            raise error
        if self._fb_count > room:
            raise OSError(1, "ESP_FAIL")
        is_unheard = is_deaf and self._clock_hz > fastest_hz
        # One word for no sensor and for one without JPEG (esp32-camera, esp_camera.c).
        if (
            sensor is None
            or is_unheard
            or (sensor in _WITHOUT_JPEG and self._pixel_format == PixelFormat.JPEG)
        ):
            raise OSError(_EOPNOTSUPP, "ESP_ERR_NOT_SUPPORTED")
        self._values.clear()
        self._values.update(_FIRST)
        self._values.update(frame_size=frame_size, quality=quality)
        self._is_on = True

    def _check(self):
        if not self._is_on:
            raise OSError(_ENOENT)

    def _check_on(self, name):
        if not self._is_on:  # the property is then looked up among the methods
            raise AttributeError(name)

    @property
    def sensor_name(self):
        self._check_on("sensor_name")
        return sensor

    @property
    def max_frame_size(self):
        self._check_on("max_frame_size")
        return _LARGEST[sensor]

    def capture(self):
        global blocked_ms
        self._check()
        self.free_buffer()
        if not self._sends() or self._values["quality"] > fits:
            blocked_ms += 4000
            clock.now += 4000
            return None
        self._count = self._count + 1
        buffer = self._buffers[self._count % self._fb_count]
        for i in range(len(buffer)):
            buffer[i] = self._count % 100
        buffer[0], buffer[1] = -1, -40  # FF D8
        self._held = buffer
        if not has_memory:
            raise MemoryError
        return memoryview(buffer)

    def _sends(self):
        is_fast = not is_deaf and self._clock_hz > fastest_hz
        return has_frames and not is_fast and self._fb_count <= most_buffers

    def free_buffer(self):
        if self._held is not None:
            for i in range(len(self._held)):  # the sensor fills it at once
                self._held[i] = -18
            self._held = None
            self._freed = clock.now

    def frame_available(self):
        self._check()
        is_late = self._fb_count == 1 and clock.now - self._freed < _FRAME_MS
        return self._sends() and not is_late and not (self._held is not None and self._fb_count == 1)

    def reconfigure(self, *, frame_size=None, pixel_format=None, grab_mode=None, fb_count=None):
        self._check()
        self.free_buffer()
        if frame_size in (None, _NONE):
            frame_size = self._values["frame_size"]
        log.append(["reconfigure", frame_size])
        if errors and isinstance(errors[0], ValueError):  # raised before anything is shut down
            raise errors.pop(0)
        self._is_on = False
        if errors:
            raise errors.pop(0)
        self._init(frame_size, self._values["quality"])

    def deinit(self):
        if is_waited_for:
            raise OSError(-259, "ESP_ERR_INVALID_STATE")
        if self._is_on:
            log.append(["deinit"])
        self._is_on = False
