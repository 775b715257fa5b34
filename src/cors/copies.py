"""The copies of a policy file: what was in force, and what the camera knows of these files.

A text that comes into force, whatever way it got into the file, becomes the last good copy, and the copy
of before becomes the previous one. So both are always policies that were in force, and a rollback swaps
them. One that means the same as the last good copy takes its place alone.
On a camera this module is there only while a file is judged or saved, see strict/late.py.
"""

from flash import copies, files
from flash.files import MISSING
from strict.compat import const

from .policy import Policy, PolicyError

_UNSEEN_S = const(2)  # the polls see an edit before


class Copies(copies.Copies):
    """The files of one Store: the policy file, its two copies, and the record.

    path, good, previous, record: the names of the files, as Store has them.
    """

    def __init__(self, path, good, previous, record):
        super().__init__(path, good, record, previous)
        self.previous = previous

    def keep(self, text, found, policy):
        """Give `text`, which is in the policy file and valid, its place among the copies.

        found, policy: its reading and its Policy. Raises OSError.
        """
        self.note(files.stamp(self.path), found)
        held = files.reading(self.good)
        if held == found:
            return
        before = self._policy(self.good, held)
        if before and before.digest != policy.digest:
            files.write(self.previous, files.blocks(self.good))
        files.write(self.good, (text,))

    def settle(self):
        """Give a valid policy file that no poll has seen its place among the copies -> its Policy; None if
        it is not valid, or damaged. Raises OSError."""
        found = files.reading(self.path)
        if not isinstance(found, bytes) or not self.is_explained(found, files.seconds() - _UNSEEN_S):
            return None
        text = files.read(self.path, found)
        try:
            policy = Policy.from_json(text or b"")
        except PolicyError:
            return None
        self.keep(text, found, policy)
        return policy

    def save(self, data, new, policy):
        """Write `data` (bytes), of the reading `new` and the Policy `policy`, as the policy file, if it is
        not there. Raises OSError."""
        if files.reading(self.path) != new:
            self.settle()
        super().save(data, new, policy)

    def before(self, digest):
        """Return (path, words): the copy (str) of the policy that was in force before, or None and why
        there is none (str).

        digest: of the policy in force (str), None if there is none.
        """
        words = "no other policy was in force yet"
        for path in (self.good, self.previous):
            found = files.reading(path)
            if found == MISSING:
                continue
            policy = self._policy(path, found)
            if policy is None:
                words = path + " is not what the camera wrote"
            elif policy.digest != digest:
                return path, None
        return None, words

    def _policy(self, path, found):
        """Return the Policy in the copy at `path`, whose reading is `found`; None if the copy is not as the
        camera wrote it, or not valid."""
        if not isinstance(found, bytes) or not self.is_trusted(found):
            return None
        try:
            return Policy.from_json(files.read(path, found) or b"")
        except (OSError, PolicyError):
            return None
