"""What feeds the sensor: pins that must stay at a level, and on some boards a chip on an I2C bus."""

import time

from machine import Pin, SoftI2C


def hold(levels):
    """Drive each pin of `levels` ((pin number, 0 or 1), ...): what switches the power, or holds it."""
    for pin, level in levels:
        Pin(pin, Pin.OUT, value=level)


def bring_up(chip):
    """Write the registers of the power chip and wait until its outputs are steady.

    chip: dict of sda, scl (pin numbers), address, writes ((register, byte), ...) and delay_ms, or None.
    Raises OSError whose last argument says in words that the chip does not answer.

    The bus is bit-banged, since its pins may be the sensor's too: the sensor's driver claims an I2C
    controller of its own for them, and would find it taken.
    """
    if chip is None:
        return
    bus = SoftI2C(scl=Pin(chip["scl"]), sda=Pin(chip["sda"]))
    try:
        for register, byte in chip["writes"]:
            bus.writeto_mem(chip["address"], register, bytes((byte,)))
    except OSError as exc:
        words = "the chip that powers the camera does not answer on I2C; check the board's supply"
        raise OSError(exc.args[0], words)
    time.sleep_ms(chip["delay_ms"])
