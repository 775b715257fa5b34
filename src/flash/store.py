"""A file in flash that people edit: load it, notice an edit, save it, and keep what was in force.

- Missing file: nothing is in force, at boot and at once while running. A deletion is the person's decision,
  so the last good copy does not undo it.
- Invalid file: what runs stays. At boot the last good copy serves. The file is left as it is.
- Damaged file: it differs from what was last judged or saved, and its size and time say that nobody
  has edited it (flash/record.py). As an invalid one, until it is edited or saved again.
- What comes into force, whatever way it got into the file, is copied; see copies.py.

Here is what a camera does twice a second, and what it knows; judging.py is there only when there is news.
cors/store.py and access/store.py say what is their own.
"""

import hashlib

from strict import late
from strict.compat import const

from . import files
from .files import ANY, MISSING, lock

_UNKNOWN = const(-1)  # equals no reading
_BLIND_MAX = const(20)  # polls in a row for which there was no memory: an edit is not overlooked for longer

_POLL_MS = const(500)  # a reading of the largest file costs the flash some milliseconds, and does not wear it
_SETTLE_MS = const(250)  # two equal readings settle an edit: it is in force after 0.75 s, of the 2 s promised


class Store:
    """Watches one file. Owned by the camera; any other may be made to `save`, as on the REPL.

    It keeps what is in force. A poll reads the file and allocates its file object and hash; whether there is
    an edit is not asked of size and time, for it may keep both. An edit that has settled allocates the file's
    text, what `read` makes of it, and the last good copy's.

    A class of its own says, of each kind of file: read, which returns what a text (bytes or str) says, an
    object with a `digest` (str), or raises DocumentError; copies, the name of the module of its Copies (str);
    missing, what follows if there is no file, in words.

    state: "active", "last-good", "missing", "invalid" or "damaged". error: the faults in words, one a line,
    or None. in_force: what `read` has made of the text in force, or None.

    What judging.py notes here: path, the file, and paths, all that Copies takes. judged, seen: the readings
    that were judged and read last. read_at: files.seconds() at which what was judged was last read, or None.
    is_from_good: whether what is in force came from the last good copy. retry: polls until copies that could
    not be written are tried again.
    """

    def __init__(self, *paths):
        self.path = paths[0]
        self.paths = paths
        self.state = "missing"
        self.error = None
        self.in_force = None
        self.judged = self.seen = _UNKNOWN
        self.read_at = None
        self.is_from_good = False
        self.retry = 0
        self._is_new = False  # whether the last poll read what no poll had read before
        self._blind = 0  # polls in a row for which there was no memory

    def load(self):
        """Read the file as it is at boot -> what is in force, or None.

        Sets `state`, `error` and `in_force`, removes left-over temporaries, writes the copies. Raises
        nothing: a fault must not stop the camera.
        """
        with lock:
            self.in_force = None
            try:
                self._judging().load(files.seconds())
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
        said = self.read(text)
        data = text.encode() if isinstance(text, str) else text
        new = hashlib.sha256(data).digest()
        with lock:
            copies = self.its_copies()
            copies.require(before, new)
            copies.save(data, new, said)
        return said

    def its_copies(self):
        """Return the Copies of the file, new ones each time: what they know is in flash."""
        return late.load(self.copies).Copies(*self.paths)

    def messages(self):
        """Return what the console should say of how it stands: a list of lines, empty if all is well."""
        if self.error is None:
            return []
        if self.state == "missing":
            return [self.error]
        return [self.path + ": " + line for line in self.error.split("\n")]

    def status(self):
        """Return what /api/status says of it: state, digest of what is in force, error."""
        digest = None if self.in_force is None else self.in_force.digest
        return {"state": self.state, "digest": digest, "error": self.error}

    def miss(self):
        """Nothing is in force, since there is no file."""
        self.in_force = None
        self.is_from_good = False
        self.state = "missing"
        self.error = "no " + self.path + "; " + self.missing

    def refuse(self, error):
        """What is in force stays; error: why the file does not count, in words."""
        self.state = "last-good" if self.is_from_good else "invalid"
        self.error = error

    def _judging(self):
        return late.load("flash.judging").Judging(self)

    def _look(self):
        now = files.seconds()
        found = files.reading(self.path)
        if found == self.judged:
            if self.retry > 1:
                self.retry -= 1
            elif self.retry or self.state == "damaged":
                self._judging().look_again(found)
        elif found == self.seen or found == MISSING:
            try:
                if found == MISSING:
                    self.miss()  # at once, even where there is no memory for the rest
                self._judging().judge(found)
            except MemoryError:
                self._no_memory()
        if found == self.judged:
            self.read_at = None if self.state == "damaged" else now
        self._is_new = found not in (self.judged, self.seen)
        if found != self.seen:  # else that stays, which lies where it lay in the heap
            self.seen = self.judged if found == self.judged else found

    def _no_memory(self):
        self.refuse("not enough memory to read it; retrying")
        self.judged = _UNKNOWN
        self._is_new = False
