"""What the command `camcors` asks a board over the REPL. Nothing else calls it.

The command takes this module from a firmware whose VERSION is its own; to others it sends its own text of it.
So the first part needs nothing but MicroPython; the second imports the camera when it is called.
It opens no door: whoever has the REPL can do all of this without it.

What a function returns is written as JSON, and checked by the command (device/answers.py).
"""

import os
import sys
from binascii import hexlify, unhexlify
from hashlib import sha256

from micropython import const

#: Another number for every change that a command or a firmware from before would not understand.
VERSION = 4

_BLOCK = const(512)
_FOLDER = const(0x4000)
_ENOENT = const(2)
_EEXIST = const(17)
_ENODEV = const(19)  # no filesystem
_EISDIR = const(21)

# A file that is being written, and what is being sent for save(): each takes several calls.
_file = None
_data = bytearray()


def entries():
    """Return [path, size] of each file and [path, None] of each folder, or None without a filesystem."""
    try:
        return _list("", [])
    except OSError as exc:
        if exc.errno != _ENODEV:
            raise
        return None


def _list(folder, found):
    for entry in os.ilistdir(folder or "/"):
        # A mounted filesystem, as /rom or /sd, is an entry of the root without a size (extmod/vfs.c).
        if len(entry) == 3:
            continue
        path = folder + "/" + entry[0]
        if entry[1] & _FOLDER:
            found.append((path, None))
            _list(path, found)
        else:
            found.append((path, entry[3]))
    return found


def room():
    """Return the size of a block of the filesystem, and how many are free."""
    found = os.statvfs("/")
    return found[0], found[3]


def size(path):
    """Return the bytes of a file, or None if there is none."""
    try:
        return os.stat(path)[6]
    except OSError as exc:
        if exc.errno not in (_ENOENT, _ENODEV):
            raise
        return None


def read(path, start, count):
    """Return a part of a file in hexadecimal."""
    with open(path, "rb") as file:
        file.seek(start)
        return _hex(file.read(count))


def begin(path, count):
    """Return the size of a file and its first `count` bytes in hexadecimal, or None if there is none."""
    found = size(path)
    return None if found is None else (found, read(path, 0, count) if found else "")


def digest(path):
    """Return the SHA-256 of a file in hexadecimal, or None if there is none."""
    total = sha256()
    try:
        with open(path, "rb") as file:
            block = file.read(_BLOCK)
            while block:
                total.update(block)
                block = file.read(_BLOCK)
    except OSError as exc:
        if exc.errno not in (_ENOENT, _ENODEV, _EISDIR):
            raise
        return None
    return _hex(total.digest())


def _hex(data):
    return str(hexlify(data), "ascii")


def append(path, data, is_first):
    """Write a piece of a file that stays open until close(); the first one begins it."""
    global _file
    if is_first:
        close()  # a connection that was lost left its own open
        _file = open(path, "wb")  # noqa: SIM115
    _file.write(data)


def close():
    """End the file of append()."""
    global _file
    if _file is not None:
        file, _file = _file, None
        file.close()


def forget(path):
    """Remove a file that could not be written to its end."""
    close()
    try:
        os.remove(path)
    except OSError:
        pass


def make_folder(path):
    try:
        os.mkdir(path)
    except OSError as exc:
        if exc.errno != _EEXIST:
            raise


def rename(old, new):
    """Rename a file; one of the new name is replaced."""
    os.rename(old, new)


def remove(path):
    """Remove a file, or a folder that is empty."""
    if os.stat(path)[0] & _FOLDER:
        os.rmdir(path)
    else:
        os.remove(path)


def restart():
    """Reset the board, as its button does, when this call has been answered."""
    import time

    import machine

    time.sleep_ms(100)
    machine.reset()


def facts():
    """Return what camcors info tells of the board."""
    import gc

    gc.collect()
    found = os.statvfs("/")
    return {
        "machine": _machine(),
        "version": sys.version,
        "filesystem": {"size": found[0] * found[2], "free": found[0] * found[3]},
        "heap": {"used": gc.mem_alloc(), "free": gc.mem_free()},
    }


def about():
    """Return what a backup says of the board; without the firmware, the names that MicroPython gives."""
    name, firmware = sys.platform, None
    try:
        import board

        name, firmware = board.NAME, board.FIRMWARE
    except (ImportError, AttributeError):
        pass
    version = ".".join(str(n) for n in sys.implementation.version[:3])
    return {"board": name, "firmware": firmware, "machine": _machine(), "micropython": version}


def installable():
    """Return what camcors install has to know of the board."""
    return {
        "machine": _machine(),
        "version": sys.implementation.version[:3],
        "mpy": getattr(sys.implementation, "_mpy", 0),
        "is_wide": sys.maxsize > 2**32,
        "has_camera": _has_camera(),
        "has_firmware": _has_firmware(),
    }


def _machine():
    return getattr(sys.implementation, "_machine", sys.platform)


def _has_camera():
    try:
        import camera
    except ImportError:
        return False
    return bool(camera)


def _has_firmware():
    """Return whether the modules are frozen; those of camcors install have a path from the root."""
    try:
        import cors

        return cors.__file__[0] != "/"
    except Exception:  # of an installation that was cut short
        return False


# What needs the camera's firmware.


def report():
    """Return what /api/status says without the pictures, and whether the camera has started."""
    from camcors.start import state

    found = state.report()
    # A camera that has started has read its policy, or says in `error` why there is none.
    found["started"] = bool(found["policy"]["digest"] or found["policy"]["error"])
    return found


def log(position, count):
    """Return the number of this run, where what follows begins in its log, and up to `count` bytes from
    `position` on, or from the oldest, in hexadecimal."""
    from camcors.log import log

    position, data = log.read(position, count)
    return log.run, position, _hex(data)


def own_names():
    """Return the names and the ports by which the camera is its own, or None if it is not started."""
    from camcors import start

    return [start.state.guard.own, start.state.guard.own_ports] if start.state.guard else None


def policy():
    """Return the policy in force, as JSON text."""
    from camcors import cors

    return cors.policy.to_json()


def access():
    """Return the access file in force, as JSON text, or None before there is a lock."""
    from access.document import to_json
    from camcors import start

    return start.state.lock and to_json(start.state.lock.access)


def policy_before(digest):
    """Return the path of the copy that was in force before `digest`, or None and why there is none."""
    from cors.store import Store

    try:
        return Store().before(digest)
    except OSError as exc:
        return None, str(exc.args[-1])


def collect(data, is_first):
    """Take a piece of what save() will write."""
    global _data
    if is_first:
        _data = bytearray()
    _data += data


def save(path, wanted, before):
    """Write what was collected, of the SHA-256 `wanted`, whole or not at all. Return None, or what is wrong.

    before: the SHA-256 of the file of which it is a change, None if there was none; another now is wrong. The
    policy goes through the camera's own Store, which checks it and keeps the one before for a rollback; the
    tokens likewise, without one before; the settings through settings_file, which checks them by what the
    camera's driver takes.
    """
    if _hex(sha256(_data).digest()) != wanted:
        return "what arrived is not what was sent"
    from board_drivers import Camera
    from camcors import settings_file
    from cors.store import Store

    if before is not None:
        before = unhexlify(before)
    try:
        if path == "/policy.json":
            Store().save(bytes(_data), before)
        elif path == "/access.json":
            from access.store import Store as Tokens

            Tokens().save(bytes(_data), before)
        elif path == settings_file.PATH:
            settings_file.save(bytes(_data), Camera.FIELDS, before=before)
        else:
            return "not a file of the camera's own"
    except (OSError, ValueError) as exc:
        return str(exc.args[-1])
    return None


def look():
    """Have the camera that serves look at its policy and its tokens now, not at its next polls. Return
    report()."""
    from camcors import cors, start

    if start.state.guard:
        for _ in range(2):  # two equal readings settle an edit, see flash.store
            start.state.poll_policy(cors)
            if start.state.lock:
                start.state.poll_access()
    return report()


def let_go():
    """Take the flash out of use before erase(): the server ends, and nothing but a restart brings it back."""
    from camcors import factory, start

    factory.let_go(start.stop)


def erase(label, start, count):
    """Erase blocks of a partition, as factory.erase does; return how many it has."""
    from camcors import factory

    return factory.erase(label, start, count)


def drop():
    """Free what was collected."""
    global _data
    _data = bytearray()
