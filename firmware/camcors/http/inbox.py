"""What a client has sent and nobody has taken yet: heads, bodies and chunks out of one buffer. Pure."""

from strict import late
from strict.compat import const

from .head import Headers, Refusal, check_start, find_end, recent, split

_NONE = bytearray(0)
_CR = const(13)


class Inbox:
    """Bytes in the order of their coming. Owned by the Exchange.

    Whoever receives puts them into room() and says by add() how many they are; the others take them.

    It works over a buffer that is lent from room() to rest(). A head that is longer gets a larger one of its
    own; a body that has not all come gets one of its size. Bytes that came with a request and belong to the
    next one stay in the buffer. The end of a body is never missed, so that no byte of it can pass for a
    request.

    buffers: Buffers.
    is_head: whether the head that is read now, or was read last, is of a HEAD request, whose answer
    has no content.
    """

    # In the class, since each attribute of its own takes time to make.
    is_head = False
    _lent = None
    _buffer = _view = _NONE
    _start = 0  # what is unread lies from here
    _end = 0  # to here
    _head_end = 0  # of the head that find_head() has found
    _searched = 0  # no end of the head begins before this
    _is_fresh = True  # whether the head's first bytes are still to be looked at
    _body = None  # memoryview of the body that is filled now
    _filled = 0  # bytes of it that have come

    def __init__(self, buffers):
        self._buffers = buffers

    def rest(self):
        """Give the buffer back if nothing in it is unread, until more comes. Allocates nothing."""
        if self._start == self._end and self._lent is not None:
            self._buffers.give(self._lent)
            self._lent = None
            self._buffer = self._view = _NONE

    @property
    def unread(self):
        """How many bytes have come and were not taken (int)."""
        return self._end - self._start

    @property
    def has_begun(self):
        """Whether something of a request is there; half an empty line before it is nothing."""
        return self.unread > 1 or (self.unread == 1 and self._buffer[self._start] != _CR)

    def begins_with(self, byte):
        """Return whether `byte` (int) is the first that is unread."""
        return self._start < self._end and self._buffer[self._start] == byte

    def release(self):
        """Forget what is unread and give the buffer back: nothing is taken any more. Allocates nothing."""
        if self._lent is not None:
            self._start = self._end
            self.rest()

    def room(self):
        """Return where the next bytes go (bytearray or memoryview). Raise MemoryError.

        Call it when they are there: until rest() there is a buffer for them.
        """
        if self._body is not None:
            return self._body[self._filled :]
        if self._start == self._end:
            self._start = self._end = self._searched = 0
            if self._lent is None:
                self._lent = self._buffers.take()
            self._buffer, self._view = self._lent  # perhaps in place of a larger one
            return self._buffer
        if self._end == len(self._buffer):
            self._make_room()
        return self._view[self._end :]

    def add(self, count):
        """So many bytes have come into what room() gave last."""
        if self._body is None:
            self._end += count
        else:
            self._filled += count

    def _make_room(self):
        """Move what is unread to the front, of a buffer twice as large if it fills this one."""
        unread = self.peek()
        size = len(unread)
        if size == len(self._buffer):
            self._buffer = bytearray(2 * size)
            self._view = memoryview(self._buffer)
        self._view[:size] = unread
        self._searched -= self._start
        self._start, self._end = 0, size

    def find_head(self, most):
        """Return whether the next head is all there, for take_asked() and take_head().

        Raise Refusal if it is longer than `most` bytes or begins as no request does.
        """
        start = self._start
        if start == self._end:
            return False
        if self._is_fresh and self._buffer[start] == _CR:
            self._skip_empty_line()
            start = self._start
        size = self._end - start
        if size < 2 and not self.has_begun:
            return False
        end = find_end(self._buffer, self._searched, self._end)
        if end >= 0 and end + 4 - start <= most:
            self._head_end = end
            self._is_fresh = True
            return True
        self.see_method()  # it may be refused before the rest comes
        if end >= 0 or size >= most:
            raise Refusal(431, late.load("camcors.http.salvage").describe_long(self.peek(), most))
        if self._is_fresh:
            self._is_fresh = False
            check_start(self.peek())
        self._searched = max(self._end - 3, start)
        return False

    def take_asked(self):
        """Take the head that was found: return what parse() makes of it. Return None and leave it if only
        parse() can tell."""
        asked = split(self._buffer, self._start, self._head_end, Headers, recent)
        if asked is not None:
            self.is_head = asked[0] == "HEAD"
            self._start = self._searched = self._head_end + 4
        return asked

    def take_head(self):
        """Take the head that was found: return it without its empty line (bytes)."""
        self.see_method()
        head = bytes(self._view[self._start : self._head_end])
        self._start = self._searched = self._head_end + 4
        return head

    def _skip_empty_line(self):
        """Forgive one before a request line, RFC 9112 section 2.2."""
        if self.unread > 1 and self._buffer.startswith(b"\r\n", self._start):
            self._start += 2
            self._searched = self._start

    def peek(self):
        """Return what is unread (bytes); it stays unread."""
        return bytes(self._view[self._start : self._end])

    def see_method(self):
        """Set is_head by what is unread, the beginning of a head."""
        self.is_head = self._end - self._start > 4 and self._buffer.startswith(b"HEAD ", self._start)

    def take(self, most):
        """Return what is unread, at most so many bytes of it (bytes)."""
        size = min(self.unread, most)
        data = bytes(self._view[self._start : self._start + size])
        self._start = self._searched = self._start + size
        return data

    def take_body(self, length):
        """Return the next `length` bytes (bytes), None as long as they are not all there."""
        if self._body is None:
            if self.unread >= length:
                return self.take(length)
            body = memoryview(bytearray(length))
            self._filled = self.unread
            body[: self._filled] = self._view[self._start : self._end]
            self._body = body
            self._start = self._searched = self._end
        if self._filled < length:
            return None
        body = bytes(self._body)  # a handler, and microdot's form, expect bytes
        self._body = None
        return body

    def take_chunks(self, chunks):
        """Have `chunks` (Chunks) take what is theirs -> whether they are over."""
        self._start = self._searched = chunks.take(self._buffer, self._start, self._end)
        return chunks.is_over

    def drop(self):
        """Forget what is unread, and the body that has begun to come."""
        self._body = None
        self._start = self._end
