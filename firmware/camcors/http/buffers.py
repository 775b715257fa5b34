"""Buffers that connections read into."""

from strict.compat import const

_SIZE = const(1024)  # a browser's head is 500 to 900 bytes
_KEPT = const(2)


class Buffers:
    """Lends a buffer for as long as something of a request is in it. Owned by the Server.

    A client that says nothing has none: it may say nothing for a minute, and there may be six of them. Of
    those that are given back two are kept, so that hardly a request makes one, until there are no requests.
    """

    def __init__(self, size=_SIZE):
        self._size = size
        self._free = []
        self._is_asked = False

    def take(self):
        """Return (bytearray, memoryview of it). Raise MemoryError."""
        self._is_asked = True
        if self._free:
            return self._free.pop()
        buffer = bytearray(self._size)
        return buffer, memoryview(buffer)

    def give(self, lent):
        """Take back what take() has returned. Allocates nothing."""
        if len(self._free) < _KEPT:  # a list has room for so many from the start
            self._free.append(lent)

    def spare(self):
        """Keep none if nobody has asked for one since the last call. Allocates nothing."""
        if not self._is_asked:
            self._free.clear()
        self._is_asked = False
