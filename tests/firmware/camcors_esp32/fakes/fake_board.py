"""The module that the build makes of a board's data: a board with a lamp, an LED and a power chip."""

NAME = "FAKE"
FIRMWARE = "0.1.0"
SERVER_STACK_BYTES = 16384
SETTINGS = {}
CAMERA = {
    "data_pins": (5, 18, 19, 21, 36, 39, 34, 35),
    "pclk_pin": 22,
    "vsync_pin": 25,
    "href_pin": 23,
    "sda_pin": 26,
    "scl_pin": 27,
    "xclk_pin": 0,
    "powerdown_pin": 32,
    "reset_pin": -1,
    "xclk_freq": 20000000,
    "fb_count": 2,
}
LED = (33, False)
LAMP = (4, True)
DEFAULTS = {}
POWER = {
    "levels": ((13, 1),),
    "i2c": {"sda": 1, "scl": 2, "address": 54, "writes": ((0, 4), (16, 25)), "delay_ms": 10},
}
