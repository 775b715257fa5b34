"""Finding the sensor: a camera.Camera that gives JPEG, or in words why there is none.

The constructor of the camera module takes a first picture itself, for which it waits up to 4 s
(modcamera_api.c, mp_camera_make_new; esp32-camera, esp_camera.c: FB_GET_TIMEOUT).

An attempt is a clock in Hz and a number of buffers. A sensor may answer on its bus and send more than the
chip can take, so that no picture is whole (espressif/esp32-camera#93, #488). A slower clock lessens that, and
so does one buffer: then the driver captures one picture at a time, not all (README of esp32-camera). Other
causes, with their sources, are in docs/boards.md, "Known troubles".
"""

import camera
import esp32

import board
from camcors.log import log
from camcors.standby import DEFAULT_S
from camcors.stream import CaptureFailed
from strict.compat import const

from .sensors import module_quality

#: What a sensor is started with.
START = {"frame_size": "VGA", "quality": 80, "standby_s": DEFAULT_S}

_SPIRAM = const(1 << 10)  # ESP-IDF, esp_heap_caps.h: MALLOC_CAP_SPIRAM
_CLOCK_HZ = const(20000000)
_SLOW_HZ = const(10000000)  # with which Freenove's sketches run the sensors of its kits
_BUFFERS = const(2)

# How far a start has got before it failed: what one attempt has reached is told of all.
OTHER, ABSENT, FULL, UNSET, SILENT = range(5)

# OSError has the driver's numbers without their sign, or mapped (ports/esp32/mphalport.c, check_esp_err_;
# esp_camera.h, ESP_ERR_CAMERA_FAILED_TO_SET_FRAME_SIZE and the two next).
_KINDS = {1: FULL, 95: ABSENT, -0x20002: UNSET, -0x20003: UNSET, -0x20004: UNSET}

_MORE = " (docs/boards.md, Known troubles)"
_WORDS = {
    # The driver says the same of a sensor that it does not know (esp_camera.c, camera_probe).
    ABSENT: "no camera sensor that the driver knows answers; tried {}; switch off, reseat its ribbon cable, "
    "and check its power and its model",
    # cam_hal.c says it where a buffer cannot be had.
    FULL: "the PSRAM has no room for the pictures, or the sensor's bus failed; tried {}; choose a smaller "
    "frame_size, or reset",
    UNSET: "the sensor answers but does not take its settings; tried {}; check its power" + _MORE,
    SILENT: "the sensor answers but sends no picture; tried {}; check its power, and that the image is the "
    "board's" + _MORE,
}
NO_PSRAM = "no PSRAM found, and pictures need it; check that the board is the one the firmware is for"
STALLED = "the sensor has stopped sending pictures, and is restarted once a minute; check its power" + _MORE
_RUNS = "camcors: camera: the sensor runs with {}, after it did not with {}"
_NO_JPEG = "the sensor {} makes no JPEG, which the camera needs; fit an OV2640, an OV3660 or an OV5640"
_NO_PINS = "the module camera knows no pins, and /lib/board.py names none; write them there as CAMERA"


def first_attempt():
    """Return the board's own clock and number of buffers."""
    return board.CAMERA.get("xclk_freq", _CLOCK_HZ), board.CAMERA.get("fb_count", _BUFFERS)


def next_attempt(attempt, failure):
    """Return the attempt after one that failed so, or None: a slower clock first, then one buffer."""
    clock_hz, buffers = attempt
    if failure in (ABSENT, UNSET, SILENT) and clock_hz > _SLOW_HZ:
        return _SLOW_HZ, buffers
    if failure in (FULL, SILENT) and buffers > 1:
        return clock_hz, 1
    return None


def find(start, found=None):
    """Return the sensor (camera.Camera), started with `start`, and the attempt with which it was found.

    start: START, with a lower quality where pictures outgrow their buffer: the constructor takes one. found:
    that of a sensor which was there before; it gets no other one. Raise CaptureFailed, TypeError or
    ValueError, or the OSError of a fault that is not known.
    """
    if not esp32.idf_heap_info(_SPIRAM):
        raise CaptureFailed(NO_PSRAM)
    attempt = found or first_attempt()
    tried = []
    reached = OTHER
    while attempt:
        try:
            sensor = _construct(attempt, start)
            if tried:
                log.say(_RUNS.format(_show([attempt]), _show(tried)))
            return sensor, attempt
        except OSError as exc:
            error = exc
        tried.append(attempt)
        failure = _kind(error)
        reached = max(reached, failure)
        attempt = None if found else next_attempt(attempt, failure)
    if reached == ABSENT:
        _name_one_without_jpeg(tried[-1], start)
    if reached == OTHER:
        raise error
    raise CaptureFailed(_WORDS[reached].format(_show(tried)))


def has_one_buffer(attempt):
    """Return whether the driver has one buffer only, in which a picture can be stale."""
    return attempt[1] < 2


def words(exc, attempt):
    """Return what the exception of a start, or of another frame size, means for a person (str)."""
    kind = _kind(exc)
    if kind:
        return _WORDS[kind].format(_show([attempt]))
    if isinstance(exc, TypeError) and not board.CAMERA:
        return _NO_PINS
    if isinstance(exc, (CaptureFailed, OSError, ValueError)) and " " in str(exc.args[-1]):
        return str(exc.args[-1])
    return "the camera does not start: " + repr(exc)


def _kind(exc):
    what = exc.args[0] if isinstance(exc, OSError) and exc.args else None
    if type(what) is str:
        return SILENT if "initial frame" in what else OTHER
    return _KINDS.get(what, OTHER)


def _show(attempts):
    said = [
        "{} MHz with {} buffer{}".format(clock_hz // 1000000, buffers, "s" if buffers > 1 else "")
        for clock_hz, buffers in attempts
    ]
    return ", ".join(said)


def _construct(attempt, start, **other):
    clock_hz, buffers = attempt
    arguments = dict(board.CAMERA)
    if "data_pins" in arguments:  # else the module camera knows the pins, and the clock, of its board
        arguments["data_pins"] = list(arguments["data_pins"])  # the constructor takes no tuple
    if clock_hz != first_attempt()[0]:
        arguments["xclk_freq"] = clock_hz
    arguments["fb_count"] = buffers
    # GrabMode.LATEST drops the old picture for the new one, for which it needs a second buffer.
    mode = camera.GrabMode.WHEN_EMPTY if has_one_buffer(attempt) else camera.GrabMode.LATEST
    arguments["grab_mode"] = mode
    arguments["pixel_format"] = camera.PixelFormat.JPEG
    arguments["frame_size"] = getattr(camera.FrameSize, start["frame_size"])
    arguments["jpeg_quality"] = module_quality(start["quality"])
    arguments.update(other)
    return camera.Camera(**arguments)


def _name_one_without_jpeg(attempt, start):
    """Raise CaptureFailed if a sensor answers that makes no JPEG: the module has one word for that and for
    none at all, ESP_ERR_NOT_SUPPORTED (esp_camera.c, esp_camera_init and camera_probe)."""
    try:
        sensor = _construct(
            attempt, start, pixel_format=camera.PixelFormat.RGB565, frame_size=camera.FrameSize.QQVGA
        )
    except OSError as exc:
        if _kind(exc) == ABSENT:
            return
        raise CaptureFailed(_NO_JPEG.format("there"))
    name = sensor.sensor_name
    sensor.deinit()
    raise CaptureFailed(_NO_JPEG.format(name))
