"""Files in flash: read in blocks, and written whole or not at all.

Whatever is written goes to a temporary file beside it and gets its name by a rename, which littlefs
does whole or not at all. What a power cut left of one is removed at boot.
"""

import _thread
import errno
import hashlib
import os
import time

from strict.compat import const

_READ_MAX = const(8193)  # one over the most that a policy or settings may have: their readers refuse it
_ENODEV = const(19)  # MicroPython's errno has no names for these
_ENOSPC = const(28)
_ENAMETOOLONG = const(36)  # littlefs says so where there is no room for another name
_TEMPORARY = ".new"  # put after the name
_SIZE = const(6)  # places in what os.stat gives
_MTIME = const(8)

#: What seconds() leaves out of time.time(): those from 1970 to 2000.
ERA = const(946684800)
#: What `reading` gives where there is no file.
MISSING = None
#: For a `before` that is of no matter: it is no reading.
ANY = const(-1)

#: Held while files are read or changed: `save` may run on the REPL, the polls in the server's thread.
lock = _thread.allocate_lock()

_block = bytearray(256)  # one for all that hold the lock


def blocks(path, size=None):
    """Yield the file's first `size` bytes, or all, as memoryviews of one block."""
    view = memoryview(_block)
    with open(path, "rb") as f:
        count = f.readinto(_block)
        while count:
            if size is not None:
                count = min(count, size)
                size -= count
            yield view[:count]
            count = f.readinto(_block) if size != 0 else 0


def reading(path, most=_READ_MAX):
    """Return what lies at `path`: SHA-256 of as much as counts (bytes), MISSING, or a number of errno.

    most: how many bytes count, None for all.
    """
    digest = hashlib.sha256()
    try:
        for part in blocks(path, most):
            digest.update(part)
    except OSError as exc:
        # ENODEV: no filesystem is mounted.
        return MISSING if exc.errno in (errno.ENOENT, _ENODEV) else exc.errno
    return digest.digest()


def read(path, found):
    """Return the file's text (bytes), as much as counts; None if `found` is not its reading."""
    with open(path, "rb") as f:
        size = min(f.seek(0, 2), _READ_MAX)  # MicroPython makes room for all that is asked for
        f.seek(0)
        text = f.read(size)
    return text if hashlib.sha256(text).digest() == found else None


def seconds():
    """Return the time in seconds less ERA (int). All since 1970 are an object in a heap of 32 bits, and one
    that is kept after each poll would soon lie among what is free."""
    return int(time.time()) - ERA


def stamp(path):
    """Return (size, time of the last write in seconds), two int of the file, or None of no file."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found[_SIZE], found[_MTIME]


def remove_temporary(path):
    """Remove what a power cut during `write` has left beside the file `path`."""
    remove(path + _TEMPORARY)


def write(path, parts):
    """Write `parts` (iterable of bytes) as the file `path`, whole or not at all.

    Raises OSError whose last argument says in words what to do.
    """
    temporary = path + _TEMPORARY
    try:
        with open(temporary, "wb") as f:
            for part in parts:
                f.write(part)
            f.flush()
        os.rename(temporary, path)
    except OSError as exc:
        remove(temporary)
        if exc.errno in (_ENOSPC, _ENAMETOOLONG):
            raise OSError(_ENOSPC, "cannot write " + path + ": the filesystem is full; remove a file")
        raise OSError(exc.errno, "cannot write " + path + ": " + str(exc))


def remove(path):
    """Remove the file `path`, if it can be."""
    try:
        os.remove(path)
    except OSError:
        pass  # not there; or it cannot be helped, and the next boot tries again
