"""What the sensors can be set to, from the sources of esp32-camera (sensors/ov2640.c, ov3660.c, ov5640.c).

No imports: the command reads this file without the driver.
"""

#: Named as in the camera module, smallest first. No QQVGA: its buffer holds 3,072 bytes, less than its
#: pictures (esp32-camera, Kconfig: CAMERA_JPEG_MODE_FRAME_SIZE_AUTO).
FRAME_SIZES = (
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

#: field -> kind and limit, by strict.field: all that any sensor takes.
#: The names are those of the camera module's properties, but for standby_s, the driver's own.
FIELDS = {
    "frame_size": ("choice", FRAME_SIZES),
    "quality": ("int", (1, 100)),
    "brightness": ("int", (-3, 3)),
    "contrast": ("int", (-3, 3)),
    "saturation": ("int", (-4, 4)),
    "sharpness": ("int", (-3, 3)),
    "denoise": ("int", (0, 8)),
    "hmirror": ("bool", None),
    "vflip": ("bool", None),
    "whitebal": ("bool", None),
    "wb_mode": ("int", (0, 4)),
    "gain_ctrl": ("bool", None),
    "agc_gain": ("int", (0, 64)),
    "exposure_ctrl": ("bool", None),
    "aec_value": ("int", (0, 1200)),
    "ae_level": ("int", (-5, 5)),
    "special_effect": ("int", (0, 6)),
    "standby_s": ("int", (0, 3600)),
}
