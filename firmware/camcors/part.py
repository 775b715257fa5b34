"""One part of a stream: a picture as multipart/x-mixed-replace has it (RFC 2046 section 5.1)."""

from struct import pack_into

from strict.compat import const

from .http.clock import ticks_ms

BOUNDARY = "frame"

_NONE = bytearray(0)
_GRAIN = const(4096)  # buffers grow by this many bytes, so that a slightly larger picture fits
_ZERO = const(48)
_POINT = const(46)


def _text(text):
    """`text` (str) as _write() wants it: (format, bytes)."""
    return str(len(text)) + "s", text.encode()


# A part's head, between whose lines the numbers are written.
_LENGTH = _text("--" + BOUNDARY + "\r\nContent-Type: image/jpeg\r\nContent-Length: ")
_ID = _text("\r\nX-Frame-Id: ")
_TIMESTAMP = _text("\r\nX-Timestamp: ")
_END = _text("\r\n\r\n")
_LINE_END = _text("\r\n")
_HEAD_MAX = const(160)  # bytes: 85 of text, and numbers of no more than 20 digits


class Part:
    """A picture with its headers in one buffer, so that a viewer sends it in one go.

    view: headers, picture and line end (memoryview), None before the first. number: the picture's. made:
    ticks of its making. users: how many viewers send from it now; fill() wants none. The buffer is made
    again only for a larger picture.
    """

    def __init__(self):
        self.users = 0
        self.number = 0
        self.made = 0
        self.view = None
        self._buffer = _NONE
        self._whole = None

    def fill(self, number, time_ms, jpeg):
        """Take a copy of `jpeg` (bytes-like) as picture `number`, taken at `time_ms` (int)."""
        size = len(jpeg)
        if len(self._buffer) < _HEAD_MAX + size + 2:
            self._buffer, self._whole, self.view = _NONE, None, None  # their memory is the new one's
            buffer = bytearray((_HEAD_MAX + size + 2 + _GRAIN - 1) // _GRAIN * _GRAIN)
            self._whole = memoryview(buffer)
            self._buffer = buffer
        buffer = self._buffer
        at = _write(buffer, 0, _LENGTH)
        at = _write(buffer, _write_number(buffer, at, size, 1), _ID)
        at = _write(buffer, _write_number(buffer, at, number, 1), _TIMESTAMP)
        at = _write_number(buffer, at, time_ms // 1000, 1)
        buffer[at] = _POINT
        at = _write(buffer, _write_number(buffer, at + 1, time_ms % 1000, 3), _END)
        buffer[at : at + size] = jpeg
        self.view = self._whole[: _write(buffer, at + size, _LINE_END)]
        self.number = number
        self.made = ticks_ms()


def _write(buffer, at, text):
    """Put a _text() into `buffer` -> where it ends. A slice would be garbage of every frame."""
    form, data = text
    pack_into(form, buffer, at, data)
    return at + len(data)


def _write_number(buffer, at, number, digits):
    """Put `number` (int, not negative) there in decimal, with at least so many digits -> where it ends.

    A str and its bytes would be garbage of every frame.
    """
    end = at + digits
    rest = number // 10**digits
    while rest:
        rest //= 10
        end += 1
    for place in range(end - 1, at - 1, -1):
        buffer[place] = _ZERO + number % 10
        number //= 10
    return end
