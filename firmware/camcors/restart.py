"""Why the camera was started: `restart` of /api/status.

The chip knows what has reset it. What it cannot know is in a note that is written before an end, read once at
the start, and removed. A camera has this module only at these two: see strict/late.py.
"""

import json

import machine

from . import note

_SHOWN_MAX = 200
_CUT_OFF = (
    b'{"cause":"soft-reset","reason":"the server did not end in time and was cut off; '
    b'a connection may be lost until a reset by camcors reset or the button"}'
)

POWER_ON = "power-on"
RESET = "reset"
SOFT_RESET = "soft-reset"
DEEP_SLEEP = "deep-sleep"
WATCHDOG = "watchdog"
SERVER_ENDED = "server-ended"
UNKNOWN = "unknown"

#: Each `cause` that /api/status may say.
CAUSES = (POWER_ON, RESET, SOFT_RESET, DEEP_SLEEP, WATCHDOG, SERVER_ENDED, UNKNOWN)


def why():
    """Return {"cause": one of CAUSES, "reason": words or None}. Called once, at the start."""
    noted = _noted()
    if noted is not None:
        note.forget()
    causes = {
        machine.PWRON_RESET: POWER_ON,
        machine.HARD_RESET: RESET,
        machine.WDT_RESET: WATCHDOG,
        machine.DEEPSLEEP_RESET: DEEP_SLEEP,
        machine.SOFT_RESET: SOFT_RESET,
    }
    return judge(causes.get(machine.reset_cause(), UNKNOWN), noted)


def judge(cause, noted):
    """Return what `why` does, of what the chip says (`cause`) and what was noted (dict or None)."""
    # After a server's end the board was reset, or the power went.
    if noted is not None and noted["cause"] in (SERVER_ENDED, cause):
        return noted
    return {"cause": cause, "reason": "the server stood still" if cause == WATCHDOG else None}


def note_server_ended(reason):
    """Write down that the server has ended, before a reset. Raises nothing but MemoryError."""
    text = json.dumps({"cause": SERVER_ENDED, "reason": reason[:_SHOWN_MAX]})
    note.write(text.encode())


def note_cut_off():
    """Write down that a soft reset has not waited any longer. Raises nothing but MemoryError."""
    note.write(_CUT_OFF)


def _noted():
    try:
        found = json.loads(note.read().decode())
        return {"cause": str(found["cause"]), "reason": str(found["reason"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None
