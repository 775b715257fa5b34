"""Starting the camera: what boot.py calls.

What the flash says is read first, and serving.py is imported after it: the heap does not move what it holds,
so what stays takes the place of what has read files.
"""

import _thread
import sys

import board
from cors import rules
from flash.files import stamp
from microdot import microdot
from strict import late

from . import cors, repl
from .limits import Limits
from .log import log
from .shutdown import shutdown
from .state import state
from .watchdog import TIMEOUT_MS, Watchdog


def boot():
    """Start the camera in the background; never blocks and never raises.

    A fault is one line on the console and an item of `faults` in /api/status; the rest starts all the same.
    """
    watchdog = Watchdog(board.SETTINGS.get("watchdog_ms", TIMEOUT_MS))
    is_started = False
    if stamp("/disable"):
        log.say("camcors: not started, since the file /disable exists; remove it and reset to start")
    else:
        try:
            _start(watchdog)
            is_started = True
        except Exception as exc:  # a camera that does not start must still leave the REPL to the person
            state.fault("not started: " + repr(exc))
    if watchdog.is_armed and not is_started:
        _thread.start_new_thread(watchdog.rest, ())
    repl.has_booted()


def stop():
    """End the server and wait for it, as before a soft reset; nothing but a reset starts it again."""
    if not shutdown.wait():
        late.load("camcors.restart").note_cut_off()


def _start(watchdog):
    # A board's own, as the manifest has frozen them.
    from board_drivers import Camera, Network

    rules.say = log.say
    microdot.print_exception = log.say_exception  # of a handler
    state.check_flash()
    state.restart = late.load("camcors.restart").why()
    chosen = _settings(Camera.FIELDS)
    state.name, state.title = chosen["name"], chosen["title"].strip() or chosen["name"]
    late.unload()
    state.load_policy(cors)
    state.load_access()
    late.unload()
    from . import serving

    repl.before_soft_reset(stop)
    serving.begin(chosen, Camera, Network, watchdog)


def _settings(camera_fields):
    """Return what /camera.json and the board's own settings say (dict); say what is wrong there.

    camera_fields: the fields of the board's driver, see drivers.pyi.
    """
    from . import settings_file

    chosen, faults = settings_file.load(camera_fields)
    for fault in faults:
        state.fault("/camera.json: " + fault)
    late.forget(("camcors.settings_file", "settings.document"))  # only the start needs them
    chosen.update(board.SETTINGS)
    wished = dict(board.DEFAULTS.get("any", {}))
    wished.update(chosen["camera"])
    chosen["camera"] = wished
    chosen["tls"]["port"] = chosen.get("tls_port", chosen["tls"]["port"])
    chosen["limits"] = Limits(**chosen["limits"])
    chosen["limits"].fit(sys.platform)
    return chosen
