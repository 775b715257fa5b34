"""What the sensor lives on: the chip that feeds it on some boards, and its clock."""

import time

from machine import Pin, SoftI2C

_PAUSE_MS = 1


def bring_up(chip):
    """Write the registers of the power chip and wait until its outputs are steady.

    chip: dict of sda, scl (pin numbers), address, writes ((register, byte), ...) and delay_ms, or None.
    One that does not answer is left alone: later revisions of a board have another, or none, and feed the
    sensor by themselves. Whether they do, the sensor tells.

    The bus is bit-banged, since its pins may be the sensor's too: the sensor's driver claims an I2C
    controller of its own for them, and would find it taken. The board may have no pull-ups on it.
    """
    if chip is None:
        return
    scl, sda = (Pin(chip[name], Pin.OPEN_DRAIN, Pin.PULL_UP) for name in ("scl", "sda"))
    bus = SoftI2C(scl=scl, sda=sda)
    try:
        for register, byte in chip["writes"]:
            bus.writeto_mem(chip["address"], register, bytes((byte,)))
            time.sleep_ms(_PAUSE_MS)
    except OSError:
        return
    time.sleep_ms(chip["delay_ms"])


def rest(pins):
    """Stop the sensor's clock, and cut its power on a board that has a pin for it; a new start undoes both.

    pins: board.CAMERA. The driver's deinit() leaves the power on, and on an ESP32-S3 the clock too, so that
    the sensor stays hot (esp32-camera, target/esp32s3/ll_cam.c, ll_cam_deinit; espressif/esp32-camera#670).
    The clock's pin becomes an input: it may be GPIO0, by whose level the chip starts.
    """
    powerdown, clock = pins.get("powerdown_pin", -1), pins.get("xclk_pin", -1)
    if powerdown >= 0:
        Pin(powerdown, Pin.OUT, value=1)
    if clock >= 0:
        Pin(clock, Pin.IN, Pin.PULL_UP)
