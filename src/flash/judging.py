"""What a Store makes of its file when there is news; store.py says by which rules.

On a camera this module is there only while a file is judged, see strict/late.py. So nothing of it stays: what
it finds out is noted in the Store.
"""

from strict.compat import const
from strict.fault import DocumentError

from . import files
from .copies import DAMAGED
from .files import MISSING

_RETRY = const(120)  # polls until copies that could not be written are tried again


class Judging:
    """Judges the file of `store` (flash.store.Store), for one poll or load, which holds files.lock."""

    def __init__(self, store):
        self._store = store
        self._copies = store.its_copies()

    def load(self, now):
        """Judge the file as it is at boot, at `now` (files.seconds()), and remove left-over temporaries."""
        store = self._store
        self._copies.remove_temporaries()
        self.judge(files.reading(store.path))
        if store.state != "damaged":
            store.read_at = now
        if store.state in ("invalid", "damaged"):
            self._load_good()

    def judge(self, found):
        """Take the file for finished; `found` is its reading."""
        store = self._store
        store.retry = 0
        try:
            if found == MISSING:
                store.miss()
                self._miss()
            elif isinstance(found, bytes) and not self._copies.is_explained(found, store.read_at):
                store.state = "damaged"
                store.error = DAMAGED
            else:
                text = files.read(store.path, found)
                if text is None:
                    return  # written to since: the next two polls decide
                self._take(text, found)
        except OSError as exc:
            store.refuse("cannot be read (" + str(exc) + ")")
        store.judged = found

    def look_again(self, found):
        """Judge a damaged file that was saved or written again, or write the copies that could not be
        written; `found` is its reading."""
        store = self._store
        if store.retry:
            self._try_again(found)
        elif self._copies.is_explained(found):
            self.judge(found)

    def _miss(self):
        try:
            self._copies.miss()
        except OSError:
            pass  # that it is gone explains the file, at the next boot as well

    def _take(self, text, found):
        """Put `text`, what the file holds, in force if it is valid."""
        store = self._store
        try:
            store.in_force = store.read(text)
        except DocumentError as exc:
            store.refuse(str(exc))
            self._note(found)
            return
        store.is_from_good = False
        store.state = "active"
        store.error = self._keep(text, found)

    def _note(self, found):
        try:
            self._copies.note(files.stamp(self._store.path), found)
        except OSError:
            pass  # an edit explains the file, at the next boot as well

    def _load_good(self):
        """Put the last good copy in force at boot, if it is as the camera wrote it."""
        store = self._store
        good = self._copies.good
        found = files.reading(good)
        if found == MISSING:
            return
        try:
            if isinstance(found, bytes) and not self._copies.is_trusted(found):
                store.error += "\n" + good + " has changed as well; it is not used"
                return
            text = files.read(good, found) if isinstance(found, bytes) else None
            if text is None:  # the flash fails, now and then
                store.error += "\n" + good + " cannot be read; it is not used"
                return
            store.in_force = store.read(text)
            store.is_from_good = True
            if store.state == "invalid":
                store.state = "last-good"
        except OSError as exc:
            store.error += "\n" + good + " cannot be read (" + str(exc) + ")"
        except DocumentError:
            store.error += "\n" + good + " is not valid either"

    def _keep(self, text, found):
        """Give `text`, which is in force, its place among the copies -> what failed in words, or None."""
        store = self._store
        try:
            self._copies.keep(text, found, store.in_force)
        except OSError as exc:
            store.retry = _RETRY
            return "in force, but there is no last good copy of it: " + str(exc.args[-1])
        store.retry = 0
        return None

    def _try_again(self, found):
        """Write the copies that could not be written, each minute; `found` is the file's reading."""
        store = self._store
        try:
            text = files.read(store.path, found)
        except OSError:  # gone since it was read: the next poll says so
            text = None
        if text is None:  # or another since: it gets a copy of its own
            store.retry = 0
        else:
            store.error = self._keep(text, found)
