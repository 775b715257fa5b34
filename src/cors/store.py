"""The policy file in flash: flash.store of it, and what was in force before.

Without a policy no origin is allowed. The copies outlive a deletion, for a rollback and for the next invalid
file.
"""

from flash import files, store

from .policy import Policy


class Store(store.Store):
    """Watches one policy file, as flash.store.Store does.

    path: the policy file. good: the last good copy. previous: the one before. record: what the camera
    knows of these, see flash/record.py.
    """

    read = Policy.from_json
    copies = "cors.copies"
    missing = "no other origin may read the camera until there is one"

    def __init__(
        self,
        path="/policy.json",
        good="/policy.good.json",
        previous="/policy.prev.json",
        record="/policy.record.json",
    ):
        super().__init__(path, good, previous, record)

    @property
    def policy(self):
        """The Policy in force, or None: no origin is allowed."""
        return self.in_force

    def before(self, digest):
        """Return (path, words): the file (str) whose policy was in force before, for `save` to put in
        force again, or None and why there is none (str).

        digest: of the policy in force (str), None if there is none. A valid policy file that no poll has
        seen yet counts in its place. Raises OSError if that cannot get its copy.
        """
        with files.lock:
            copies = self.its_copies()
            pending = copies.settle()
            return copies.before(pending.digest if pending else digest)
