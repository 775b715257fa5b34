"""The last good copy of a file: what counted, and what the camera knows of the two.

The record knows a text before a file gets it, so that a power cut between two files leaves none that is
taken for damaged. On a camera this module is there only while a file is judged or saved, see strict/late.py.
"""

import errno
import hashlib
import time

from . import files, record
from .files import ANY

DAMAGED = "changed, and nobody has edited it: a fault of the flash; save it again"


class Copies:
    """A file that people edit, its last good copy, and the record of both. Whoever uses it holds files.lock.

    path, good, record: the names of the files. more: other copies that the record knows (str).
    """

    def __init__(self, path, good, record, *more):
        self.path = path
        self.good = good
        self.record = record
        self._known = (path, good) + more

    def remove_temporaries(self):
        """Remove what a power cut has left beside the files."""
        for path in self._known:
            files.remove_temporary(path)
        files.remove_temporary(self.record)

    def is_explained(self, found, read_at=None):
        """Return whether the text whose reading is `found` got into the file by an edit, or by the camera.

        read_at: files.seconds() at which another text was read there last, None if not since the boot.
        """
        known = record.load(self.record)
        stamp = files.stamp(self.path)
        if known is None or known.knows(found) or stamp is None or stamp != known.stamp:
            return True
        # An edit in the second of the one before has its time.
        return read_at is not None and read_at + files.ERA <= stamp[1] <= int(time.time())

    def is_trusted(self, found):
        """Return whether the copy whose reading is `found` is as the camera wrote it."""
        known = record.load(self.record)
        return known is None or known.knows(found)

    def keep(self, text, found, said=None):
        """Make `text`, which is in the file and valid, the last good copy; `found` is its reading.

        said: what it says, for those that keep more. Raises OSError.
        """
        self.note(files.stamp(self.path), found)
        if files.reading(self.good) != found:
            files.write(self.good, (text,))

    def require(self, before, new):
        """Raise OSError unless the SHA-256 of the whole file is `before`, MISSING of none, or is `new`."""
        if before != ANY and files.reading(self.path, None) not in (before, new):
            raise OSError(errno.EEXIST, self.path + " was changed by another meanwhile; try again")

    def save(self, data, new, said):
        """Write `data` (bytes), of the reading `new`, as the file, if it is not there. Raises OSError.

        said: what it says.
        """
        if files.reading(self.path) != new:
            self.write(data)
        try:
            self.keep(data, new, said)
        except OSError:
            pass  # it is written; the next poll or boot keeps it, or says why not

    def write(self, data):
        """Write `data` (bytes) as the file, whole or not at all, known before it is there. Raises OSError."""
        known = record.load(self.record)
        self.note(known and known.stamp, hashlib.sha256(data).digest())
        files.write(self.path, (data,))

    def note(self, stamp, *readings):
        """Have the record know `readings`, the files that it knows already, and the file's `stamp`.

        Raises OSError if it cannot be written.
        """
        known = record.load(self.record)
        for path in self._known:
            found = files.reading(path)
            if known is None or known.knows(found):
                readings += (found,)
        new = record.make(stamp, readings)
        if known is None:
            if new.known:
                new.save(self.record)
        elif known.stamp != stamp or not set(new.known) <= set(known.known):
            new.save(self.record)

    def miss(self):
        """Note that there is no file. Raises OSError."""
        self.note(None)

    def forget(self):
        """Remove the last good copy and the record."""
        files.remove(self.good)
        files.remove(self.record)
