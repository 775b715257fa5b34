"""What the camera knows of a file and its copies, so that a bit flipped in flash is told from an edit.

littlefs checks its own blocks by a CRC (its SPEC.md, "Metadata pairs"), and files of up to 128 bytes lie
inside those, as this record does; the blocks of a longer file have none. A flipped bit leaves a file's
size and time as they were, an edit does not.
"""

import binascii
import json

from strict.compat import const

from . import files

_SHOWN = const(8)  # bytes of a SHA-256: it finds chance, and protects nothing from people
_LENGTH_MAX = const(512)


class Record:
    """What one record says.

    stamp: (size, time) of the file when it was last judged or saved, None if there was none.
    known: tuple of str, a digest for each text that the camera has judged, or is about to write.
    """

    def __init__(self, stamp, known):
        self.stamp = stamp
        self.known = known

    def knows(self, reading):
        """Return whether `reading` (files.reading) is of a text that is known."""
        return isinstance(reading, bytes) and _short(reading) in self.known

    def save(self, path):
        """Write it to `path`. Raises OSError."""
        size, mtime = self.stamp or ("null", "null")
        # By hand: MicroPython orders the keys of a dict as it likes, and writes more spaces than fit.
        known = ",".join(['"' + digest + '"' for digest in self.known])
        text = '{"size":%s,"mtime":%s,"known":[%s]}' % (size, mtime, known)
        files.write(path, (text.encode(),))


def load(path):
    """Return the Record in the file `path`; None if there is none, or nobody can read it."""
    try:
        with open(path, "rb") as f:
            found = json.loads(f.read(_LENGTH_MAX).decode())
        size, mtime, known = found["size"], found["mtime"], found["known"]
        stamp = None if size is None else (int(size), int(mtime))
        return Record(stamp, tuple([str(digest) for digest in known]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def make(stamp, readings):
    """Return a Record of `readings`, those that are of a file."""
    known = []
    for reading in readings:
        if isinstance(reading, bytes) and _short(reading) not in known:
            known.append(_short(reading))
    return Record(stamp, tuple(known))


def _short(reading):
    return binascii.hexlify(reading[:_SHOWN]).decode()
