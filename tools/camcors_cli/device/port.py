"""Finding a board's port and opening it, with words for each way in which that fails."""

from __future__ import annotations

import errno
import os
import re
import time

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport
from serial.tools import list_ports

from ..ui.errors import Failure, Status

_BAUD = 115200
_SILENCE_S = 10
_PATIENCE_S = 0.5
_SHORTCUTS = {"a": "/dev/ttyACM", "u": "/dev/ttyUSB", "c": "COM"}  # mpremote's a0, u0, c0

_HELP = "give it with --port or in CAMCORS_PORT, for example --port build/HOST/repl"


def find_port(given: str | None) -> str:
    """Return the device that `given` names, or that of the only board. Raises Failure."""
    if not given:
        return _only_port()
    if given.startswith("id:"):
        for each in list_ports.comports():
            if each.serial_number == given[3:]:
                return str(each.device)
        raise Failure(f"no board with the serial number {given[3:]}", _list_ports(), Status.UNREACHABLE)
    shortcut = re.fullmatch(r"([auc])(\d+)", given)
    return _SHORTCUTS[shortcut[1]] + shortcut[2] if shortcut else given.removeprefix("port:")


def _only_port() -> str:
    boards = [each for each in list_ports.comports() if each.vid is not None]
    if not boards:
        raise Failure("no board found on USB", f"connect one; or {_HELP}", Status.UNREACHABLE)
    if len(boards) > 1:
        raise Failure(f"{len(boards)} boards are connected", f"choose: {_list_ports()}", Status.UNREACHABLE)
    return str(boards[0].device)


def _list_ports() -> str:
    boards = [each for each in list_ports.comports() if each.vid is not None]
    shown = [f"--port {each.device} ({each.product or each.description})" for each in boards]
    return " or ".join(shown) or f"connect it; or {_HELP}"


def open_port(device: str) -> SerialTransport:
    """mpremote's transport over `device`. Raises Failure."""
    try:
        transport = _open_patiently(device)
    except TransportError:
        raise unopened(device) from None
    except ValueError:  # pyserial, of a URL that it does not know
        raise unopened(device) from None
    transport.serial.write_timeout = _SILENCE_S
    return transport


def _open_patiently(device: str) -> SerialTransport:
    """Try again for a moment: the program before may be just ending. Raises as SerialTransport does."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return SerialTransport(device, baudrate=_BAUD, timeout=_SILENCE_S)
        except TransportError:
            if time.monotonic() > end:
                raise
        time.sleep(0.05)


def unopened(device: str) -> Failure:
    """Return why `device` does not open. mpremote keeps the reason to itself, so it is tried once more."""
    cause: Exception | None = None
    try:
        serial.serial_for_url(device, baudrate=_BAUD, exclusive=True).close()
    except (OSError, ValueError) as exc:
        cause = exc
    number = getattr(cause, "errno", None)
    if isinstance(cause, ValueError):
        return Failure(f"{device} is not a port ({cause})", _HELP, Status.UNREACHABLE)
    if device.startswith("socket://"):
        message = f"nothing answers on {device}, or another program has it"
        remedy = "start the camera (make run), or end the other program (mpremote, another camcors)"
    elif number == errno.ENOENT:
        message, remedy = f"there is no {device}", _list_ports()
        if not device.startswith("/dev/"):
            remedy = f"start the camera (make run), which says the name of its REPL; or {remedy}"
    elif number == errno.EACCES and os.path.realpath(device).startswith("/dev/pts/"):
        message, remedy = f"{device} is another user's", "start a camera of your own (make run)"
    elif number == errno.EACCES:
        message = f"no permission for {device}"
        remedy = "add yourself to its group (sudo usermod -a -G dialout $USER) and log in again"
    else:
        message = f"{device} is busy or does not open" + (f" ({cause})" if cause else "")
        remedy = "end the other program that has it (mpremote, Thonny, a terminal)"
    return Failure(message, remedy, Status.UNREACHABLE)
