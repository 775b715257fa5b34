"""A request's body in chunks (RFC 9112 section 7.1), taken from bytes as they come.

To the letter, since requests are smuggled where two readers see a body's end in different places:

- Every line ends in CR LF, and no CR or LF stands elsewhere but in a chunk's data.
- A size is one to eight hexadecimal digits and nothing else, up to the semicolon of an extension: section
  7.1.1 lets spaces stand before that, but no client sends them.
- Extensions and trailers are skipped; trailers have to be header lines all the same. Together they may be as
  long as a head.
"""

from strict.compat import const

from .head import Refusal, is_name
from .parse import has_control

_SIZE = const(0)
_DATA = const(1)  # and the empty line after it
_TRAILERS = const(2)

_CR = const(13)
_DIGITS_MAX = const(8)
_HEX = b"0123456789abcdefABCDEF"
_ALONE = "a CR or LF stands alone in the body; end each line with CR LF"
_NOT_A_SIZE = "a chunk does not begin with its size, one to eight hexadecimal digits"
_NO_END = "a chunk is longer than its size says"
_NOT_A_TRAILER = "a trailer is not Name: value on one line, the colon at the name"


class Chunks:
    """One body; owned by the connection that reads it. It allocates the body, and each line for a moment.

    body: bytearray, what has come of it. length: bytes of it by the sizes that have come (int). is_over:
    whether all has come, or more would come than is taken.
    """

    def __init__(self, most, skipped_most):
        """most: bytes of a body that is taken. skipped_most: bytes of all extensions and trailers."""
        self.body = bytearray()
        self.length = 0
        self.is_over = False
        self._most = most
        self._skipped_most = skipped_most
        self._skipped_left = skipped_most
        self._part = _SIZE
        self._left = 0  # bytes of the chunk that are still to come
        self._searched = 0  # so many bytes of a line that has begun hold no LF

    def take(self, buffer, start, end):
        """Take what `buffer` (bytes or bytearray) holds from `start` to `end`, but no line that has come in
        part -> where the rest begins (int). Raise Refusal for what is no such body."""
        while not self.is_over:
            if self._left:
                size = min(self._left, end - start)
                if not size:
                    break
                self.body.extend(memoryview(buffer)[start : start + size])
                self._left -= size
                start += size
            else:
                line_end = self._find_line_end(buffer, start, end)
                if line_end < 0:
                    break
                self._take_line(bytes(memoryview(buffer)[start:line_end]))
                start = line_end + 2
        return start

    def _find_line_end(self, buffer, start, end):
        """Return where the line from `start` ends in CR LF, -1 if it does not yet."""
        at = buffer.find(b"\n", start + self._searched, end)
        if at < 0:
            self._searched = end - start
            self._check_begun(bytes(memoryview(buffer)[start : min(end, start + _DIGITS_MAX + 2)]))
            return -1
        self._searched = 0
        if at == start or buffer[at - 1] != _CR:
            raise Refusal(400, _ALONE)
        return at - 1

    def _check_begun(self, line):
        """Raise Refusal if a line that begins so, and has come as far as was searched, can be none."""
        line = line[:-1] if line.endswith(b"\r") else line
        if self._part == _DATA and line:
            raise Refusal(400, _NO_END)
        if self._part == _SIZE and line:
            _size_of(line)
        self._check_skipped(self._searched - _DIGITS_MAX - 2)

    def _check_skipped(self, size):
        if size > self._skipped_left:
            text = "the extensions and trailers of the chunks are longer than {} bytes; leave them out"
            raise Refusal(431, text.format(self._skipped_most))

    def _skip(self, size):
        self._check_skipped(size)
        self._skipped_left -= size

    def _take_line(self, line):
        if self._part == _SIZE:
            digits = _size_of(line)
            if has_control(line):
                raise Refusal(400, _NOT_A_SIZE)
            self._skip(len(line) - len(digits))
            self._begin(int(digits.decode(), 16))
        elif self._part == _DATA:
            if line:
                raise Refusal(400, _NO_END)
            self._part = _SIZE
        elif line:
            if not is_name(line[: max(line.find(b":"), 0)]) or has_control(line):
                raise Refusal(400, _NOT_A_TRAILER)
            self._skip(len(line) + 2)
        else:
            self.is_over = True

    def _begin(self, size):
        self._part = _DATA if size else _TRAILERS
        self._left = size
        self.length += size
        self.is_over = self.length > self._most


def _size_of(line):
    """Return the digits (bytes) that a chunk's first line begins with; the rest of it is extensions."""
    digits = line.partition(b";")[0]
    if not 0 < len(digits) <= _DIGITS_MAX or digits.strip(_HEX):
        raise Refusal(400, _NOT_A_SIZE)
    return digits
