"""Finding the sensor: a camera.Camera that gives JPEG, or in words why there is none.

The constructor of the camera module takes a first picture itself, for which it waits up to 4 s
(modcamera_api.c, mp_camera_make_new; esp32-camera, esp_camera.c: FB_GET_TIMEOUT).
"""

import camera

import board
from camcors.standby import DEFAULT_S
from camcors.stream import CaptureFailed

from .sensors import module_quality

#: What a sensor is started with.
START = {"frame_size": "VGA", "quality": 80, "standby_s": DEFAULT_S}

#: The board's, and 10 MHz, with which Freenove's sketches run the sensors of its kits.
CLOCKS = (None, 10000000)

_BUFFERS = 2
_ESP_FAIL = 1  # OSError has it without its sign (esp_err.h; ports/esp32/mphalport.c, check_esp_err_)
_EOPNOTSUPP = 95

NO_FRAME = "the sensor answers but sends no picture; switch off and reseat its ribbon cable"
_NO_SENSOR = "no camera sensor answers; switch off, reseat its ribbon cable, and check its power"
_NO_JPEG = "the sensor {} makes no JPEG, which the camera needs; fit an OV2640, an OV3660 or an OV5640"
_NO_ROOM = (
    "the PSRAM has no room for the pictures, or the sensor's bus failed; "
    "choose a smaller frame_size, or reset"
)
_NO_PINS = "the module camera knows no pins, and /lib/board.py names none; write them there as CAMERA"


def find(clocks=CLOCKS):
    """Return the sensor, started with START (camera.Camera), and the clock with which it answered.

    clocks: those to try, in Hz, None for the board's; of a sensor that was found before, the one that did.
    Raise CaptureFailed, or what the module raises: OSError, TypeError, ValueError.
    """
    for clock_hz in clocks:
        try:
            return _construct(clock_hz), clock_hz
        except OSError as exc:
            error = exc
            if not _is_silent(exc) and not _is_unsupported(exc):
                break
    if _is_unsupported(error):
        _name_one_without_jpeg(clock_hz)
    raise error


def has_one_buffer():
    """Return whether the driver has one buffer only, in which a picture can be stale."""
    return board.CAMERA.get("fb_count", _BUFFERS) < 2


def words(exc):
    """Return what the exception of a start means for a person (str)."""
    what = exc.args[0] if exc.args else None
    if _is_unsupported(exc):
        return _NO_SENSOR
    if what == _ESP_FAIL:  # esp32-camera, cam_hal.c, says so where a buffer cannot be had
        return _NO_ROOM
    if _is_silent(exc):
        return NO_FRAME
    if isinstance(exc, TypeError) and not board.CAMERA:
        return _NO_PINS
    if isinstance(exc, (CaptureFailed, OSError, ValueError)) and " " in str(exc.args[-1]):
        return str(exc.args[-1])
    return "the camera does not start: " + repr(exc)


def _construct(clock_hz, **other):
    arguments = dict(board.CAMERA)
    if "data_pins" in arguments:  # else the module camera knows the pins of its board
        arguments["data_pins"] = list(arguments["data_pins"])  # the constructor takes no tuple
    if clock_hz:
        arguments["xclk_freq"] = clock_hz
    arguments.setdefault("fb_count", _BUFFERS)
    # GrabMode.LATEST drops the old picture for the new one, for which it needs a second buffer.
    arguments["grab_mode"] = camera.GrabMode.WHEN_EMPTY if has_one_buffer() else camera.GrabMode.LATEST
    arguments["pixel_format"] = camera.PixelFormat.JPEG
    arguments["frame_size"] = getattr(camera.FrameSize, START["frame_size"])
    arguments["jpeg_quality"] = module_quality(START["quality"])
    arguments.update(other)
    return camera.Camera(**arguments)


def _name_one_without_jpeg(clock_hz):
    """Raise CaptureFailed if a sensor answers that makes no JPEG: the module has one word for that and for
    none at all, ESP_ERR_NOT_SUPPORTED (esp_camera.c, esp_camera_init and camera_probe)."""
    try:
        sensor = _construct(
            clock_hz, pixel_format=camera.PixelFormat.RGB565, frame_size=camera.FrameSize.QQVGA
        )
    except OSError as exc:
        if _is_unsupported(exc):
            return
        raise CaptureFailed(_NO_JPEG.format("there"))
    name = sensor.sensor_name
    sensor.deinit()
    raise CaptureFailed(_NO_JPEG.format(name))


def _is_unsupported(exc):
    return exc.args[:1] == (_EOPNOTSUPP,)


def _is_silent(exc):
    what = exc.args[0] if exc.args else None
    return type(what) is str and "initial frame" in what
