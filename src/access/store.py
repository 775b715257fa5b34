"""The access file in flash: flash.store of it, so that a fault locks the camera and never opens it.

- Missing file: locked, at once. Its copy goes as well, so that what was deleted never counts again.
- Invalid or damaged file: the tokens that were in force stay, for they were meant; that it is open does not.
- A copy that cannot be brought up to date is removed: it may have a token that was removed since. So there is
  no copy of before either, and no rollback.
"""

from flash import store
from strict import late

from .lock import LOCKED, InForce


class Store(store.Store):
    """Watches one access file, as flash.store.Store does.

    path: the access file. good: the last good copy. record: what the camera knows of these, see
    flash/record.py.
    """

    copies = "access.copies"
    missing = "the camera is locked; to make a token: camcors token add NAME --role view"

    def __init__(self, path="/access.json", good="/access.good.json", record="/access.record.json"):
        super().__init__(path, good, record)
        self._closed_of = self._closed = LOCKED

    @staticmethod
    def read(text):
        """Return the lock.InForce that a text says, as flash.store.Store has it. Raise AccessError."""
        return late.load("access.document").Access.from_json(text).in_force()

    @property
    def access(self):
        """The lock.InForce."""
        # The state first: a person's poll on the REPL may come between.
        is_active = self.state == "active"
        found = self.in_force
        if found is None:
            return LOCKED
        if is_active or found.open_role is None:
            return found
        if self._closed_of is not found:
            self._closed = InForce(found.tokens, None, None)
            self._closed_of = found
        return self._closed
