"""The pins that keep a board's own supply on, before anything else needs it."""

import machine

import board


def hold():
    """Drive the pins in board.POWER and hold them, also over a restart.

    Without the hold a reset lets go of them for some milliseconds, and a board that runs from its battery is
    off (ports/esp32/machine_pin.c of MicroPython: gpio_hold_en; a pin that is set again is let go first).
    """
    for pin, level in board.POWER["levels"]:
        machine.Pin(pin, machine.Pin.OUT, value=level, hold=True)
