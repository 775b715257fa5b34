"""One part of a stream: a picture as multipart/x-mixed-replace has it (RFC 2046 section 5.1)."""

from struct import pack_into

from strict.compat import const

from .http.clock import ticks_ms

BOUNDARY = "frame"

_NONE = bytearray(0)
_GRAIN = const(1024)  # buffers grow by this many bytes, so that a slightly larger picture fits
_ZERO = const(48)

# A part's head ends at _HEAD_MAX, where the picture begins, and is written from its end to its beginning: so
# the length of a number need not be known before it is written.
_HEAD_MAX = const(160)  # bytes: 85 of text, and numbers of no more than 20 digits
_POINT_AT = const(152)
_MS_AT = const(153)
_END_AT = const(156)

# Texts as _write() wants them: (format, bytes). Written out, so that they lie in flash.
_POINT = const(("1s", b"."))
_END = const(("4s", b"\r\n\r\n"))
# What stands before each number, the last one first.
_TEXTS = const(
    (
        ("15s", b"\r\nX-Timestamp: "),
        ("14s", b"\r\nX-Frame-Id: "),
        ("51s", b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: "),
    )
)
_SECONDS = const(0)
_ID = const(1)
_LENGTH = const(2)


class Part:
    """A picture with its headers in one buffer, so that a viewer sends it in one go.

    view: headers, picture and line end (memoryview), None before the first. number: the picture's. made:
    ticks of its making. users: how many viewers send from it now; fill() wants none. The buffer is made
    again only for a larger picture, and the text of its head is written again only where it moves.

    What runs for each picture has few local names: MicroPython would put more of them on the heap
    (VM_MAX_STATE_ON_STACK in py/objfun.c: 11 words), and search all of it for room.
    """

    def __init__(self):
        self.users = 0
        self.number = 0
        self.made = 0
        self.view = None
        self._buffer = _NONE
        self._whole = None
        # Of each number of the last head: its end, what is before its last digit, and where its text begins.
        self._ends = [0, 0, 0]
        self._tens = [0, 0, 0]
        self._begins = [0, 0, 0]

    def fill(self, number, time_ms, jpeg):
        """Take a copy of `jpeg` (bytes-like) as picture `number`, taken at `time_ms` (int)."""
        end = _HEAD_MAX + len(jpeg)
        if len(self._buffer) < end + 2:
            self._grow(end + 2)
        self._buffer[_HEAD_MAX:end] = jpeg
        self._buffer[end] = 13
        self._buffer[end + 1] = 10
        begin = self._write_head(number, time_ms, end)
        self.view = self._whole[begin : end + 2]
        self.number = number
        self.made = ticks_ms()

    def _grow(self, size):
        self._buffer, self._whole, self.view = _NONE, None, None  # their memory is the new one's
        buffer = bytearray((size + _GRAIN - 1) // _GRAIN * _GRAIN)
        self._whole = memoryview(buffer)
        _write(buffer, _POINT_AT, _POINT)
        _write(buffer, _END_AT, _END)
        self._ends = [0, 0, 0]
        self._begins = [0, 0, 0]
        self._buffer = buffer

    def _write_head(self, number, time_ms, end):
        """Put the head before the picture, which ends at `end` -> where it begins."""
        _write_ms(self._buffer, time_ms % 1000)
        at = self._write_number(_SECONDS, _POINT_AT, time_ms // 1000)
        at = self._write_number(_ID, at, number)
        return self._write_number(_LENGTH, at, end - _HEAD_MAX)

    def _write_number(self, kind, end, number):
        """Put `number` (int, not negative) in decimal before `end`, after its text -> where that begins.

        In most cases only its last digit is another one. A str and its bytes would be garbage of every frame.
        """
        tens = number // 10
        if self._ends[kind] != end or self._tens[kind] != tens:
            self._ends[kind] = end
            self._tens[kind] = tens
            self._write_tens(kind, end - 1, tens)
        self._buffer[end - 1] = _ZERO + number - tens * 10
        return self._begins[kind]

    def _write_tens(self, kind, at, number):
        buffer = self._buffer
        while number:
            at -= 1
            buffer[at] = _ZERO + number % 10
            number //= 10
        text = _TEXTS[kind]
        at -= len(text[1])
        if self._begins[kind] != at:
            self._begins[kind] = at
            _write(buffer, at, text)


def _write_ms(buffer, ms):
    buffer[_MS_AT] = _ZERO + ms // 100
    buffer[_MS_AT + 1] = _ZERO + ms // 10 % 10
    buffer[_MS_AT + 2] = _ZERO + ms % 10


def _write(buffer, at, text):
    """Put one of the texts into `buffer`. A slice would be garbage of every frame."""
    pack_into(text[0], buffer, at, text[1])
