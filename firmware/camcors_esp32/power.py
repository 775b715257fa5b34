"""The chip that feeds the sensor of some boards, on an I2C bus."""

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
