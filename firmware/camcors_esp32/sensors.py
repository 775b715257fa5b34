"""What the sensors can be set to, from the sources of esp32-camera (sensors/ov2640.c, ov3660.c, ov5640.c)."""

from camera import FrameSize

from strict.field import Choice, Range

#: Named as in the camera module, smallest first.
FRAME_SIZES = (
    "QQVGA",
    "QVGA",
    "CIF",
    "HVGA",
    "VGA",
    "SVGA",
    "XGA",
    "HD",
    "SXGA",
    "UXGA",
    "FHD",
    "QXGA",
    "QSXGA",
)

_SWITCH = Choice(False, True)

#: field -> all that any sensor takes. The names are those of the camera module's properties.
FIELDS = {
    "frame_size": Choice(*FRAME_SIZES),
    "quality": Range(1, 100),
    "brightness": Range(-3, 3),
    "contrast": Range(-3, 3),
    "saturation": Range(-4, 4),
    "sharpness": Range(-3, 3),
    "denoise": Range(0, 8),
    "hmirror": _SWITCH,
    "vflip": _SWITCH,
    "whitebal": _SWITCH,
    "wb_mode": Range(0, 4),
    "gain_ctrl": _SWITCH,
    "agc_gain": Range(0, 64),
    "exposure_ctrl": _SWITCH,
    "aec_value": Range(0, 1200),
    "ae_level": Range(-5, 5),
    "special_effect": Range(0, 6),
}

_WIDE = ("OV3660", "OV5640")

#: Where the OV2640 takes less; a sensor that is not known is not asked for more either.
_NARROW = {
    "brightness": Range(-2, 2),
    "contrast": Range(-2, 2),
    "saturation": Range(-2, 2),
    "agc_gain": Range(0, 30),
    "ae_level": Range(-2, 2),
}

_COARSEST = 63
_FINEST = 4  # of the sensor's 63 to 0; finer pictures outgrow their buffer of width * height / 5 bytes


def fields_of(camera):
    """The fields of the sensor behind `camera` (camera.Camera, initialised): dict, field -> Range or Choice.

    A sensor that cannot be set in some way refuses the value that it has already.
    """
    largest = camera.max_frame_size
    sizes = [name for name in FRAME_SIZES if getattr(FrameSize, name) <= largest]
    fields = {"frame_size": Choice(*sizes)}
    is_wide = camera.sensor_name in _WIDE
    for name, field in FIELDS.items():
        if name != "frame_size":
            try:
                setattr(camera, name, getattr(camera, name))
            except ValueError:
                continue
            fields[name] = field if is_wide else _NARROW.get(name, field)
    return fields


def module_quality(quality):
    """The camera module's quality (0 to 100) for ours (1 to 100).

    The module turns it into the sensor's by 63 - quality * 63 // 100 (modcamera.c, get_mapped_jpeg_quality);
    ours spans the part of the sensor's range whose pictures fit their buffer.
    """
    above = (quality - 1) * (_COARSEST - _FINEST) // 99
    return -(-100 * above // _COARSEST)
