"""The copies of a policy file: what was in force, and what the camera knows of these files.

A text that comes into force, whatever way it got into the file, becomes the last good copy, and the copy
of before becomes the previous one. So both are always policies that were in force, and a rollback swaps
them. One that means the same as the last good copy takes its place alone.

The record knows a text before a file gets it, so that a power cut between two files leaves none that is
taken for damaged.
"""

import time

from strict.compat import const

from . import flash, record
from .flash import MISSING
from .policy import Policy, PolicyError

_BLOCK = const(256)


class Copies:
    """The files of one Store: the policy file, its copies, and the record. Keeps a block of 256 bytes.

    path, good, previous, record: the names of the files, as Store has them.
    """

    def __init__(self, path, good, previous, record):
        self.path = path
        self.good = good
        self.previous = previous
        self.record = record
        self._block = bytearray(_BLOCK)

    def remove_temporaries(self):
        """Remove what a power cut has left beside the files."""
        for path in (self.path, self.good, self.previous, self.record):
            flash.remove_temporary(path)

    def reading(self, path):
        """Return what lies at `path`, as flash.reading does."""
        return flash.reading(path, self._block)

    def is_explained(self, found, read_at=None):
        """Return whether the text whose reading is `found` got into the policy file by an edit, or by the
        camera.

        read_at: seconds at which another text was read there last, None if not since the boot.
        """
        known = record.load(self.record)
        stamp = flash.stamp(self.path)
        if known is None or known.knows(found) or stamp is None or stamp != known.stamp:
            return True
        # An edit in the second of the one before has its time.
        return read_at is not None and read_at <= stamp[1] <= int(time.time())

    def is_trusted(self, found):
        """Return whether the copy whose reading is `found` is as the camera wrote it."""
        known = record.load(self.record)
        return known is None or known.knows(found)

    def keep(self, text, found, policy):
        """Give `text`, which is in the policy file and valid, its place among the copies.

        found, policy: its reading and its Policy. Raises OSError.
        """
        self.note(flash.stamp(self.path), found)
        held = self.reading(self.good)
        if held == found:
            return
        before = self._policy(self.good, held)
        if before and before.digest != policy.digest:
            flash.write(self.previous, flash.blocks(self.good, self._block))
        flash.write(self.good, (text,))

    def settle(self):
        """Give a valid policy file that no poll has seen its place among the copies -> its Policy; None if
        it is not valid, or damaged. Raises OSError."""
        found = self.reading(self.path)
        if not isinstance(found, bytes) or not self.is_explained(found):
            return None
        text = flash.read(self.path, found)
        try:
            policy = Policy.from_json(text or b"")
        except PolicyError:
            return None
        self.keep(text, found, policy)
        return policy

    def save(self, data, new, policy):
        """Write `data` (bytes), of the reading `new` and the Policy `policy`, as the policy file, if it is
        not there. Raises OSError."""
        if self.reading(self.path) != new:
            self.settle()
            known = record.load(self.record)
            self.note(known and known.stamp, new)
            flash.write(self.path, (data,))
        try:
            self.keep(data, new, policy)
        except OSError:
            pass  # it is written; the next poll or boot keeps it, or says why not

    def before(self, digest):
        """Return (path, words): the copy (str) of the policy that was in force before, or None and why
        there is none (str).

        digest: of the policy in force (str), None if there is none.
        """
        words = "no other policy was in force yet"
        for path in (self.good, self.previous):
            found = self.reading(path)
            if found == MISSING:
                continue
            policy = self._policy(path, found)
            if policy is None:
                words = path + " is not what the camera wrote"
            elif policy.digest != digest:
                return path, None
        return None, words

    def note(self, stamp, *readings):
        """Have the record know `readings`, the files that it knows already, and the policy file's `stamp`.

        Raises OSError if it cannot be written.
        """
        known = record.load(self.record)
        for path in (self.path, self.good, self.previous):
            found = self.reading(path)
            if known is None or known.knows(found):
                readings += (found,)
        new = record.make(stamp, readings)
        if known is None:
            if new.known:
                new.save(self.record)
        elif known.stamp != stamp or not set(new.known) <= set(known.known):
            new.save(self.record)

    def _policy(self, path, found):
        """Return the Policy in the copy at `path`, whose reading is `found`; None if the copy is not as the
        camera wrote it, or not valid."""
        if not isinstance(found, bytes) or not self.is_trusted(found):
            return None
        try:
            return Policy.from_json(flash.read(path, found) or b"")
        except (OSError, PolicyError):
            return None
