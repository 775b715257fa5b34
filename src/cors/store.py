"""The policy file in flash: load it, notice an edit, save it, and keep the last good copy.

- Missing file: no origin, at boot and at once while running. A deletion is the person's decision,
  so the last good copy does not undo it; the copy stays, for the next invalid file.
- Invalid file: what runs stays. At boot the last good copy serves. The file is left as it is.
- Whatever is written goes to a temporary file beside it and gets its name by a rename, which
  littlefs does whole or not at all. What a power cut left of one is removed at boot.
"""

import errno
import hashlib
import os

from .compat import const
from .policy import Policy, PolicyError

_READ_MAX = const(8193)  # one byte over the limit: Policy says what is wrong with a longer file
_BLOCK = const(256)
_ENODEV = const(19)  # MicroPython's errno has no names for these
_ENOSPC = const(28)
_ENAMETOOLONG = const(36)  # littlefs says so where there is no room for another name
_RETRY = const(80)  # polls until a last good copy that could not be written is tried again
_TEMPORARY = ".new"  # put after the name
_MISSING = None
_UNKNOWN = const(-1)  # equals no reading

#: Seconds between two polls. Two equal readings settle an edit, so it is in force after 1.5 s at most.
POLL_S = 0.75


class Store:
    """Watches one policy file. Owned by the camera; any other may be made to `save`, as on the REPL.

    It keeps the policy in force and a block of 256 bytes. A poll reads the file and allocates its
    file object and hash; size and time of the file are not asked, for an edit may keep the size,
    and a camera without a clock gives each edit the same time. An edit that has settled allocates
    the file's text and a Policy.

    path: the policy file. good: the last good copy. previous: what `save` replaced last, valid or
    not; saving that again is a rollback.
    """

    def __init__(self, path="/policy.json", good="/policy.good.json", previous="/policy.prev.json"):
        self.path = path
        self.good = good
        self.previous = previous
        #: "active", "last-good", "missing" or "invalid".
        self.state = "missing"
        #: The faults in words, one a line, or None.
        self.error = None
        #: The Policy in force, or None: no origin is allowed.
        self.policy = None
        self._judged = self._seen = _UNKNOWN
        self._block = bytearray(_BLOCK)
        self._retry = 0

    def load(self):
        """Reads the file as it is at boot -> the Policy to put in force, or None for no origin.

        Sets `state`, `error` and `policy`, removes left-over temporaries, writes the last good
        copy. Raises nothing: a fault must not stop the camera.
        """
        for path in (self.path, self.good, self.previous):
            remove_temporary(path)
        self.policy = None
        try:
            self._judge(_reading(self.path, self._block))
            if self.state == "invalid":
                self._load_good()
        except MemoryError:
            self._no_memory()
        return self.policy

    def poll(self):
        """Looks whether the file has changed; True if `state`, `error` or `policy` have.

        An edit counts when two polls in a row read the same, so that a file is not judged while it
        is written; that it is missing counts at once. Raises nothing.
        """
        before = self.state, self.error, self.policy
        try:
            self._look()
        except MemoryError:
            self._no_memory()
        return before != (self.state, self.error, self.policy)

    def save(self, text):
        """Writes `text` (str or bytes), unchanged, as the policy file -> its Policy.

        Power may fail at any moment: the file is then the old one or the new one, whole. The old
        one is kept as `previous`; a text that the file has already is not written again. It comes
        into force by `poll`. Raises PolicyError, a ValueError, and OSError if it cannot be
        written; then the old file stays.
        """
        policy = Policy.from_json(text)
        data = text.encode() if isinstance(text, str) else text
        block = bytearray(_BLOCK)  # of its own: the server's thread may poll meanwhile
        current = _reading(self.path, block)
        if current == hashlib.sha256(data).digest():
            return policy
        if current != _MISSING:
            write(self.previous, _blocks(self.path, block))
        write(self.path, (data,))
        return policy

    def messages(self):
        """What the console should say of how it stands: a list of lines, empty if all is well."""
        if self.error is None:
            return []
        if self.state == "missing":
            return [self.error]
        return [self.path + ": " + line for line in self.error.split("\n")]

    def status(self):
        """The `policy` object of /api/status: state, digest of the policy in force, error."""
        digest = None if self.policy is None else self.policy.digest
        return {"state": self.state, "digest": digest, "error": self.error}

    def _look(self):
        found = _reading(self.path, self._block)
        if found == self._judged:
            if self._retry:
                self._try_again(found)
        elif found == self._seen or found == _MISSING:
            self._judge(found)
        self._seen = found

    def _try_again(self, found):
        """Write the last good copy that could not be written, each minute; `found` is the file's reading."""
        self._retry -= 1
        if not self._retry:
            try:
                text = _read(self.path, found)
            except OSError:  # gone since it was read: the next poll says so
                return
            if text is None:  # another since: it gets a copy of its own
                return
            self.error = self._keep(text, found)

    def _judge(self, found):
        """Take the file for finished; `found` is its reading."""
        self._retry = 0
        if found == _MISSING:
            self.policy = None
            self.state = "missing"
            self.error = "no " + self.path + "; no other origin may read the camera until there is one"
        else:
            try:
                text = _read(self.path, found)
                if text is None:
                    return  # written to since: the next two polls decide
                self.policy = Policy.from_json(text)
                self.state = "active"
                self.error = self._keep(text, found)
            except OSError as exc:
                self._refuse("cannot be read (" + str(exc) + ")")
            except PolicyError as exc:
                self._refuse(str(exc))
        self._judged = found

    def _refuse(self, error):
        if self.state != "last-good":  # stays: what runs is still the last good copy
            self.state = "invalid"
        self.error = error

    def _no_memory(self):
        self._refuse("not enough memory to read it; trying on")
        self._judged = _UNKNOWN

    def _keep(self, text, found):
        """Make `text` the last good copy if it is not -> what failed in words, or None."""
        try:
            if _reading(self.good, self._block) != found:
                write(self.good, (text,))
        except OSError as exc:
            self._retry = _RETRY
            return "in force, but there is no last good copy of it: " + str(exc.args[-1])
        return None

    def _load_good(self):
        try:
            self.policy = Policy.from_json(_read(self.good))
            self.state = "last-good"
        except OSError as exc:
            if exc.errno != errno.ENOENT:
                self.error += "\n" + self.good + " cannot be read (" + str(exc) + ")"
        except PolicyError:
            self.error += "\n" + self.good + " is not valid either"


def _blocks(path, block, size=None):
    """Yield the file's first `size` bytes, or all, as memoryviews of `block`."""
    view = memoryview(block)
    with open(path, "rb") as f:
        count = f.readinto(block)
        while count:
            if size is not None:
                count = min(count, size)
                size -= count
            yield view[:count]
            count = f.readinto(block) if size != 0 else 0


def _reading(path, block):
    """What lies at `path`: SHA-256 of as much as counts (bytes), _MISSING, or a number of errno."""
    digest = hashlib.sha256()
    try:
        for part in _blocks(path, block, _READ_MAX):
            digest.update(part)
    except OSError as exc:
        # ENODEV: no filesystem is mounted.
        return _MISSING if exc.errno in (errno.ENOENT, _ENODEV) else exc.errno
    return digest.digest()


def _read(path, found=None):
    """The file's text (bytes), as much as counts; None if `found` is given and not its reading."""
    with open(path, "rb") as f:
        size = min(f.seek(0, 2), _READ_MAX)  # MicroPython makes room for all that is asked for
        f.seek(0)
        text = f.read(size)
    return text if found is None or hashlib.sha256(text).digest() == found else None


def remove_temporary(path):
    """Remove what a power cut during `write` has left beside the file `path`."""
    _remove(path + _TEMPORARY)


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
        _remove(temporary)
        if exc.errno in (_ENOSPC, _ENAMETOOLONG):
            raise OSError(_ENOSPC, "cannot write " + path + ": the filesystem is full; remove a file")
        raise OSError(exc.errno, "cannot write " + path + ": " + str(exc))


def _remove(path):
    try:
        os.remove(path)
    except OSError:
        pass  # not there; or it cannot be helped, and the next boot tries again
