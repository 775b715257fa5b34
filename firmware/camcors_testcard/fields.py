"""What the test card can be set to. No imports: the command reads this file without the driver."""

#: (name, (width, height)) in pixels, smallest first, named as in the esp32-camera driver.
FRAME_SIZES = (
    ("QQVGA", (160, 120)),
    ("QVGA", (320, 240)),
    ("CIF", (400, 296)),
    ("VGA", (640, 480)),
    ("SVGA", (800, 600)),
    ("XGA", (1024, 768)),
    ("HD", (1280, 720)),
    ("SXGA", (1280, 1024)),
    ("UXGA", (1600, 1200)),
)

#: field -> kind and limit, by strict.field: for /camera.json, and for the ranges that the API prints.
FIELDS = {
    "frame_size": ("choice", tuple([name for name, _ in FRAME_SIZES])),
    "quality": ("int", (1, 100)),
    "hmirror": ("bool", None),
    "vflip": ("bool", None),
    "brightness": ("int", (-2, 2)),
    "contrast": ("int", (-2, 2)),
    "standby_s": ("int", (0, 3600)),
}
