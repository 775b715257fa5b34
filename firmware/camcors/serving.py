"""What serves: the objects of a running camera, and the thread in which asyncio runs for them.

The main thread goes on to /main.py and the REPL.
"""

import _thread
import asyncio
import gc
import time

import machine

import board
from cors.guard import Guard, own_names
from strict import late

from . import api, app, cors
from .door import Door
from .http.clock import sleep_ms
from .http.server import Server
from .http.waits import run
from .https import Https
from .listening import Listening
from .log import log
from .redirect import Redirect
from .shutdown import shutdown
from .standby import Standby
from .state import state
from .stream import Frames

_PAUSE_MS = 500  # after a poll for which there was no memory
_LOOK_MS = 100
_RESTART_S = 5  # for a person on the REPL to see why


def begin(chosen, make_camera, make_network, watchdog):
    """Make all of them, and start the thread.

    chosen: the settings (dict), as start.py has them. make_camera, make_network: the board's drivers, see
    drivers.pyi. watchdog: watchdog.Watchdog.
    """
    https = state.https = Https(chosen["tls"])
    door = Door(app, cors, state)
    redirect = Redirect(app, cors)
    guard = state.guard = door.guard = redirect.guard = Guard(app, cors, ports=(("http", chosen["port"]),))
    camera = make_camera()

    def tell_guard():
        guard.own = own_hosts(network)
        guard.portal = network.address if network.report()["state"] == "access-point" else None

    network = make_network(chosen, camera, tell_guard)
    state.network = network
    tell_guard()
    server = Server(app, chosen["limits"], log.say)
    server.trusted_proxies = chosen["trusted_proxies"]
    listening = Listening(server, https, guard, redirect, state.fault, chosen["host"], chosen["port"])
    network.attach(app)  # before the camera's routes: a set-up form stands in the place of its page
    frames = state.frames = Frames(camera, chosen["limits"])
    api.attach(app, camera, frames, server, state.report, door.verdict)
    door.attach()
    _thread.stack_size(board.SERVER_STACK_BYTES)
    main = _live(_main(chosen, server, listening, network, camera, frames, watchdog), server)
    _thread.start_new_thread(_serve, (main, watchdog))
    _claim_asyncio()


def _claim_asyncio():
    """Its tasks and its poller are the same for all threads, and a second loop over them is a crash."""
    asyncio.run = _refuse_loop
    if hasattr(asyncio, "Loop"):  # CPython, in the tests, has none
        asyncio.run_until_complete = asyncio.new_event_loop = asyncio.core.new_event_loop = _refuse_loop
        asyncio.Loop.run_until_complete = asyncio.Loop.run_forever = _refuse_loop


def _refuse_loop(*_):
    raise RuntimeError("asyncio runs in the camera's thread; write handlers for camcors.app, or use _thread")


def _serve(main, watchdog):
    reason = "it returned"
    shutdown.has_ended = False
    try:
        run(main)
    except BaseException as exc:  # SystemExit of a handler as well
        reason = exc
    shutdown.has_ended = True
    if shutdown.is_asked:
        return
    try:
        state.fault("the server ended: " + repr(reason))
    finally:
        # A camera that nobody is near to comes back by itself; one that never served would only do so again.
        if state.has_served:
            _restart(repr(reason))
        watchdog.rest()


def _restart(reason):
    try:
        late.load("camcors.restart").note_server_ended(reason)
    finally:
        time.sleep(_RESTART_S)
        machine.reset()


def _tell_of_task(_, context):
    """asyncio's handler for a task that ended by an exception. Its own would raise if the heap is full, and
    end the loop."""
    try:
        state.fault("a task ended: " + repr(context.get("exception")))
    except MemoryError:
        pass  # a full heap has been told of by then, or will be


async def _live(main, server):
    """Run the coroutine `main` until it fails, or the shutdown is asked for, which closes all connections."""
    looks = asyncio.create_task(_look(asyncio.current_task()))
    try:
        await main
    except asyncio.CancelledError:
        if not shutdown.is_asked:
            raise
    looks.cancel()
    await server.close()


async def _look(main):
    """Print what has waited for the REPL; cancel the task `main` once the shutdown is asked for."""
    while not shutdown.is_asked:
        try:
            log.flush()
        except MemoryError:
            pass  # it waits
        await sleep_ms(_LOOK_MS)
    main.cancel()


async def _main(chosen, server, listening, network, camera, frames, watchdog):
    asyncio.get_event_loop().set_exception_handler(_tell_of_task)
    # One after the other: a radio and a sensor that start together draw more than some supplies give.
    await network.start()
    state.make_lock()  # its key is random only with a radio that runs (ESP-IDF, Random Number Generation)
    for fault in camera.start(chosen["camera"]):
        state.fault(fault)
    state.load_https()  # before anybody is served in plain
    late.unload()
    await listening.begin()
    # Collecting after each quarter of what is free, not at the end of it, keeps large blocks for pictures.
    gc.threshold(state.measure_heap() // 4)
    state.has_served = True
    _arm(watchdog)
    watchdog.task = asyncio.create_task(watchdog.keep())
    listening.tell(network.address or chosen["host"])
    standby = Standby(camera, frames)
    on_trial = late.load("camcors.trial").Trial(state.fault)
    wait_ms = 0
    while True:
        await sleep_ms(wait_ms)
        wait_ms = _PAUSE_MS
        try:
            wait_ms = min(state.poll_access(), state.poll_policy(cors), state.poll_https())
            if not listening.is_settled:
                await listening.follow()
            late.tidy()
            state.poll_heap()
            state.poll_refused()
            state.poll_wrong()
            standby.poll()
            if on_trial and on_trial.poll(server.has_answered):
                on_trial = None
        except MemoryError:
            pass  # the file and the heap are looked at again


def _arm(watchdog):
    """From here on a server that stands still restarts the board; one that never served would only do so
    again."""
    try:
        watchdog.arm()
    except OSError as exc:
        state.fault("no watchdog (" + repr(exc) + "): a handler that never returns is not noticed")


def own_hosts(network):
    """Return the hosts that are this camera (tuple of str, as Guard's `own`): its name, as multicast DNS and
    a router's DNS may know it, and its address, if it has one."""
    names = own_names(network.name)
    return names + (network.address,) if network.address else names
