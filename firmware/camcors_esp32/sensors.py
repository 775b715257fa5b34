"""The fields of the sensor that is there: which it has, and reading and setting them."""

from camera import FrameSize

from strict import field as kinds

from .fields import FIELDS, FRAME_SIZES

_WIDE = ("OV3660", "OV5640")

#: Where the OV2640 takes less; a sensor that is not known is not asked for more either.
_NARROW = {
    "brightness": ("int", (-2, 2)),
    "contrast": ("int", (-2, 2)),
    "saturation": ("int", (-2, 2)),
    "agc_gain": ("int", (0, 30)),
    "ae_level": ("int", (-2, 2)),
}

NOT_TAKEN = "the sensor did not take it; try again, and check its cable and power if it stays so"

_COARSEST = 63
#: Of the sensor's 63 to 0. The driver gives all sizes the same share, width * height / 5 bytes, which it held
#: to be enough from 6 on when it still chose by quality (esp32-camera 0d2547a, driver/camera.c,
#: compression_ratio_bound). What outgrows it all the same, a busy scene's, is lowered as it happens.
_FINEST = 6


def fields_of(camera):
    """Return the fields of the sensor behind `camera` (camera.Camera, initialised): dict, field -> (kind,
    limit).

    A sensor that cannot be set in some way refuses the value that it has already.
    """
    largest = camera.max_frame_size
    sizes = [name for name in FRAME_SIZES if getattr(FrameSize, name) <= largest]
    fields = {"frame_size": ("choice", tuple(sizes)), "standby_s": FIELDS["standby_s"]}
    is_wide = camera.sensor_name in _WIDE
    for name, field in FIELDS.items():
        if name not in fields:
            try:
                setattr(camera, name, getattr(camera, name))
            except ValueError:
                continue
            fields[name] = field if is_wide else _NARROW.get(name, field)
    return fields


def module_quality(quality):
    """Return the camera module's quality (0 to 100) for ours (1 to 100).

    The module turns it into the sensor's by 63 - quality * 63 // 100 (modcamera.c, get_mapped_jpeg_quality);
    ours spans the part of the sensor's range whose pictures fit their buffer.
    """
    above = (quality - 1) * (_COARSEST - _FINEST) // 99
    return -(-100 * above // _COARSEST)


def read(camera, fields, settings):
    """Put into `settings` (dict) the value of each field that it lacks.

    A value out of its field's range becomes the next one in it: what a person sees they can set again
    (aec_value of the OV3660 and the OV5640 may be larger than 1200).
    """
    for name, (kind, limit) in fields.items():
        if name not in settings:
            value = getattr(camera, name)
            settings[name] = min(max(value, limit[0]), limit[1]) if kind == kinds.INT else value


def put(camera, field, value):
    """Set a field of the sensor but its frame_size. Raise ValueError if it does not take it.

    A setter that fails on I2C says 1, where the module looks for a number below 0. So it is read back.
    """
    if field == "quality":
        camera.quality = module_quality(value)
        return
    setattr(camera, field, value)
    if getattr(camera, field) != value:
        raise ValueError(NOT_TAKEN)
