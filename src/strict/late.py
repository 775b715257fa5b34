"""Modules that are there only while they are used: what few requests need, and the reading of files.

Frozen code runs where it lies in flash, but its functions, classes and names are objects in the heap. What
stays imports none of these modules; it calls load() where it needs one. A camera calls tidy() now and then.
"""

import _thread
import gc
import sys

_NAMES = (
    "access.check",
    "access.copies",
    "access.credentials",
    "access.document",
    "access.guesses",
    "access.hmac",
    "access.judge",
    "access.links",
    "access.refusal",
    "access.secret",
    "access.sessions",
    "camcors.access_paths",
    "camcors.certificate",
    "camcors.controls",
    "camcors.given",
    "camcors.http.chunked",
    "camcors.http.parse",
    "camcors.http.salvage",
    "camcors.page",
    "camcors_pages",
    "camcors.pair",
    "camcors.restart",
    "camcors.trial",
    "cors.copies",
    "cors.fields",
    "cors.pattern",
    "flash.copies",
    "flash.judging",
    "flash.record",
    "settings.table",
    "strict.document",
    "strict.json",
    "strict.reasons",
)

# MicroPython gives a module that another thread is importing as far as it has come.
_lock = _thread.allocate_lock()
# Those that were asked for since the last tidy(). A dict, since a set that finds no memory to grow is broken
# (py/map.c, mp_set_rehash).
_recent = {}


def load(name):
    """Return the module `name` (str, with its package). Raise MemoryError where it has no room."""
    with _lock:
        _recent[name] = True
        if name not in sys.modules:
            __import__(name)
        return sys.modules[name]


def tidy():
    """Forget those that nobody has asked for since the last call. Allocates nothing."""
    if _lock.acquire(False):  # else one is being loaded
        try:
            for name in _NAMES:
                if name not in _recent:
                    _forget(name)
            _recent.clear()
        finally:
            _lock.release()


def unload():
    """Forget all of them, and collect: the heap does not move what it holds, so what stays shall take their
    places."""
    tidy()
    tidy()
    gc.collect()


def forget(names):
    """Give the heap of modules (iterable of str) back. Who has one goes on; who imports it gets a new one."""
    for name in names:
        _forget(name)


def _forget(name):
    if sys.modules.pop(name, None) is not None:
        package, _, attribute = name.rpartition(".")
        if package and hasattr(sys.modules[package], attribute):
            delattr(sys.modules[package], attribute)
