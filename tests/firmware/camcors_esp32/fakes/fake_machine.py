"""machine.Pin, PWM, SoftI2C, WDT and reset, as the ESP32 port of MicroPython v1.28.0 has them."""

#: What happened, in order.
log = []
#: Set to False: nothing acknowledges on the I2C bus.
chip_answers = True
#: Pins that the chip lacks.
missing_pins = []


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_UP = 2

    def __init__(self, number, mode=-1, pull=-1, *, value=None, hold=None):
        if number in missing_pins:
            raise ValueError("invalid pin")  # ports/esp32/machine_pin.c
        self.number = number
        self.is_pulled_up = pull == Pin.PULL_UP
        if mode == Pin.IN:
            log.append(["pin", number, "in", self.is_pulled_up])
        if value is not None:
            log.append(["pin", number, value, hold])


class PWM:
    def __init__(self, pin, freq=-1, *, duty_u16=-1):
        self._pin = pin.number
        log.append(["pwm", self._pin, freq, duty_u16])

    def duty_u16(self, duty):
        if not 0 <= duty <= 65535:
            raise ValueError("duty_u16 must be from 0 to 65535")
        log.append(["duty", self._pin, duty])


class SoftI2C:
    def __init__(self, scl, sda, *, freq=400000, timeout=50000):
        assert scl.is_pulled_up and sda.is_pulled_up
        log.append(["i2c", scl.number, sda.number])

    def writeto_mem(self, address, register, data, *, addrsize=8):
        if not chip_answers:
            raise OSError(19)  # ENODEV: no acknowledgement (extmod/machine_i2c.c)
        log.append(["write", address, register, bytes(data)[0]])


PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = range(1, 6)


def reset_cause():
    return PWRON_RESET


class WDT:
    def __init__(self, id=0, timeout=5000):
        pass

    def feed(self):
        pass


def reset():
    log.append(["reset"])
