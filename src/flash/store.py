"""A file in flash that people edit: load it, notice an edit, save it, and keep what was in force.

- Missing file: nothing is in force, at boot and at once while running. A deletion is the person's decision,
  so the last good copy does not undo it.
- Invalid file: what runs stays. At boot the last good copy serves. The file is left as it is.
- Damaged file: it differs from what was last judged or saved, and its size and time say that nobody
  has edited it (flash/record.py). As an invalid one, until it is edited or saved again.
- What comes into force, whatever way it got into the file, is copied; see copies.py.

cors/store.py and access/store.py say what is their own.
"""

import _thread
import hashlib
import time

from strict.compat import const
from strict.fault import DocumentError

from . import files
from .copies import ANY, DAMAGED
from .files import MISSING

_RETRY = const(120)  # polls until copies that could not be written are tried again
_UNKNOWN = const(-1)  # equals no reading
_BLIND_MAX = const(20)  # polls in a row for which there was no memory: an edit is not overlooked for longer

_POLL_MS = const(500)  # a reading of the largest file costs the flash some milliseconds, and does not wear it
_SETTLE_MS = const(250)  # two equal readings settle an edit: it is in force after 0.75 s, of the 2 s promised

#: Held while files change: `save` may run on the REPL, the poll in the server's thread.
lock = _thread.allocate_lock()


class Store:
    """Watches one file. Owned by the camera; any other may be made to `save`, as on the REPL.

    It keeps what is in force and the block of its Copies. A poll reads the file and allocates its
    file object and hash; whether there is an edit is not asked of size and time, for it may keep both.
    An edit that has settled allocates the file's text, what `read` makes of it, and the last good copy's.

    read: returns what a text (bytes or str) says, an object with a `digest` (str); raises DocumentError.
    copies: flash.copies.Copies, of the file to watch. missing: what follows if there is no file, in words.
    """

    def __init__(self, read, copies, missing):
        self._read = read
        self._files = copies
        self._missing = "no " + copies.path + "; " + missing
        #: "active", "last-good", "missing", "invalid" or "damaged".
        self.state = "missing"
        #: The faults in words, one a line, or None.
        self.error = None
        #: What `read` has made of the text in force, or None.
        self.in_force = None
        self._judged = self._seen = _UNKNOWN
        self._read_at = None  # seconds at which the text that was judged was last read
        self._from_good = False  # whether what is in force came from the last good copy
        self._retry = 0
        self._is_new = False  # whether the last poll read what no poll had read before
        self._blind = 0  # polls in a row for which there was no memory

    def load(self):
        """Read the file as it is at boot -> what is in force, or None.

        Sets `state`, `error` and `in_force`, removes left-over temporaries, writes the copies. Raises
        nothing: a fault must not stop the camera.
        """
        with lock:
            self._files.remove_temporaries()
            self.in_force = None
            now = int(time.time())
            try:
                self._judge(self._files.reading(self._files.path))
                if self.state != "damaged":
                    self._read_at = now
                if self.state in ("invalid", "damaged"):
                    self._load_good()
            except MemoryError:
                self._no_memory()
        return self.in_force

    def poll(self):
        """Look whether the file has changed; True if `state`, `error` or `in_force` have.

        An edit counts when two polls in a row read the same, so that a file is not judged while it
        is written; that it is missing counts at once. Raises nothing.
        """
        if not lock.acquire(False):
            return False  # it is being saved: the next poll looks
        before = self.state, self.error, self.in_force
        try:
            self._look()
            self._blind = 0
        except MemoryError:  # says nothing of the file: what stands goes on
            self._blind += 1
            if self._blind == _BLIND_MAX:
                self._no_memory()
        finally:
            lock.release()
        return before != (self.state, self.error, self.in_force)

    def wait_ms(self):
        """Return milliseconds until the next `poll` (int): fewer where that may settle what was read."""
        return _SETTLE_MS if self._is_new else _POLL_MS

    def save(self, text, before=ANY):
        """Write `text` (str or bytes), unchanged, as the file -> what it says.

        before: the SHA-256 (bytes) of the file of which `text` is a change, MISSING if there was none; if
        another has changed it since, that edit is not lost, and this raises OSError.

        Power may fail at any moment: the file is then the old one or the new one, whole. It counts
        as having been in force, like a valid file that it replaces, whether or not a poll has seen
        it. A text that the file has already is not written again. It comes into force by `poll`.
        Raises DocumentError, a ValueError, and OSError if it cannot be written; then the old file stays.
        """
        said = self._read(text)
        data = text.encode() if isinstance(text, str) else text
        new = hashlib.sha256(data).digest()
        with lock:
            self._files.require(before, new)
            self._files.save(data, new, said)
        return said

    def messages(self):
        """Return what the console should say of how it stands: a list of lines, empty if all is well."""
        if self.error is None:
            return []
        if self.state == "missing":
            return [self.error]
        return [self._files.path + ": " + line for line in self.error.split("\n")]

    def status(self):
        """Return what /api/status says of it: state, digest of what is in force, error."""
        digest = None if self.in_force is None else self.in_force.digest
        return {"state": self.state, "digest": digest, "error": self.error}

    # Noticing and judging the file.

    def _look(self):
        now = int(time.time())
        found = self._files.reading(self._files.path)
        if found == self._judged:
            if self.state == "damaged" and self._files.is_explained(found):
                self._judge(found)  # it was saved or written again
            elif self._retry:
                self._try_again(found)
        elif found == self._seen or found == MISSING:
            try:
                self._judge(found)
            except MemoryError:
                self._no_memory()
        if found == self._judged:
            self._read_at = None if self.state == "damaged" else now
        self._is_new = found not in (self._judged, self._seen)
        self._seen = found

    def _judge(self, found):
        """Take the file for finished; `found` is its reading."""
        self._retry = 0
        try:
            if found == MISSING:
                self._miss()
            elif isinstance(found, bytes) and not self._files.is_explained(found, self._read_at):
                self.state = "damaged"
                self.error = DAMAGED
            else:
                text = files.read(self._files.path, found)
                if text is None:
                    return  # written to since: the next two polls decide
                self._take(text, found)
        except OSError as exc:
            self._refuse("cannot be read (" + str(exc) + ")")
        self._judged = found

    def _miss(self):
        self.in_force = None
        self._from_good = False
        self.state = "missing"
        self.error = self._missing
        self._note(None)

    def _take(self, text, found):
        """Put `text`, what the file holds, in force if it is valid."""
        try:
            self.in_force = self._read(text)
        except DocumentError as exc:
            self._refuse(str(exc))
            self._note(files.stamp(self._files.path), found)
            return
        self._from_good = False
        self.state = "active"
        self.error = self._keep(text, found)

    def _note(self, stamp, *readings):
        try:
            self._files.note(stamp, *readings)
        except OSError:
            pass  # an edit explains the file, at the next boot as well

    def _refuse(self, error):
        self.state = "last-good" if self._from_good else "invalid"
        self.error = error

    def _no_memory(self):
        self._refuse("not enough memory to read it; retrying")
        self._judged = _UNKNOWN
        self._is_new = False

    def _load_good(self):
        """Put the last good copy in force at boot, if it is as the camera wrote it."""
        good = self._files.good
        found = self._files.reading(good)
        if found == MISSING:
            return
        try:
            if isinstance(found, bytes) and not self._files.is_trusted(found):
                self.error += "\n" + good + " has changed as well; it is not used"
                return
            text = files.read(good, found) if isinstance(found, bytes) else None
            if text is None:  # the flash fails, now and then
                self.error += "\n" + good + " cannot be read; it is not used"
                return
            self.in_force = self._read(text)
            self._from_good = True
            if self.state == "invalid":
                self.state = "last-good"
        except OSError as exc:
            self.error += "\n" + good + " cannot be read (" + str(exc) + ")"
        except DocumentError:
            self.error += "\n" + good + " is not valid either"

    def _keep(self, text, found):
        """Give `text`, which is in force, its place among the copies -> what failed in words, or None."""
        try:
            self._files.keep(text, found, self.in_force)
        except OSError as exc:
            self._retry = _RETRY
            return "in force, but there is no last good copy of it: " + str(exc.args[-1])
        return None

    def _try_again(self, found):
        """Write the copies that could not be written, each minute; `found` is the file's reading."""
        self._retry -= 1
        if not self._retry:
            try:
                text = files.read(self._files.path, found)
            except OSError:  # gone since it was read: the next poll says so
                return
            if text is None:  # another since: it gets a copy of its own
                return
            self.error = self._keep(text, found)
