"""A strict reader of JSON syntax that knows where it stands (RFC 8259).

MicroPython's json gives no position and takes what is not JSON (text after the end, numbers such
as `01`, control characters in strings); CPython's takes `NaN`. So the syntax is checked here, the
same on both, and `json.loads` then only converts.
"""

import json

from . import fault, reasons
from .compat import const

_DEPTH_MAX = const(8)  # a policy needs 2; MicroPython's stack is small
_DUPLICATES_MAX = const(16)  # that are named
_NUMBER_MAX = const(20)  # CPython refuses to convert very long ones
_DIGITS = b"0123456789"
_HEX = b"0123456789abcdefABCDEF"
_BOM = b"\xef\xbb\xbf"
SAVE_AS = "save the file as UTF-8"
_SECOND_BYTES = {0xE0: (0xA0, 0xBF), 0xED: (0x80, 0x9F), 0xF0: (0x90, 0xBF), 0xF4: (0x80, 0x8F)}
_ESCAPES = b'"\\/bfnrt'
_LITERALS = {b"true": "true", b"false": "false", b"null": "null"}
_NOT_LITERALS = {
    b"True": "true", b"TRUE": "true", b"False": "false", b"FALSE": "false", b"None": "null",
    b"NULL": "null", b"Null": "null", b"undefined": "null", b"nil": "null",
}  # fmt: skip


class _Stop(Exception):
    """Syntax that ends the reading: args are (index, index of the end, reason, remedy)."""


class _Enough(Exception):
    """As many faults as are wanted."""


def read(data, most=_DUPLICATES_MAX + 1):
    """Return (value, faults) of a JSON text given as bytes, in a time in proportion to its length.

    value: as from `json.loads`, or None if the syntax is faulty. faults: list of `Fault`, at
    most one of them of syntax, the rest, 16 at most, of keys given twice in one object.
    most: faults after which nobody wants to know more (int): the value is None if there are so many.
    A byte order mark at the start is read over, as RFC 8259 section 8.1 allows: editors hide it.
    """
    if data[:3] == _BOM:
        data = data[3:]
    scanner = _Scanner(data, most)
    bad = _bad_utf8(data)
    if bad >= 0:
        return None, [fault.Fault(_place(data, bad), data[bad], reasons.NOT_UTF8, SAVE_AS)]
    try:
        scanner.text()
    except _Enough:
        return None, scanner.faults
    except _Stop as stop:
        start, end, reason, remedy = stop.args
        shown = data[start:end].decode() or None
        return None, scanner.faults + [fault.Fault(_place(data, start), shown, reason, remedy)]
    # Of bytes, without a text beside them: a heap that has room for one file may have none for two.
    return json.loads(_join_pairs(data.decode()) if scanner.has_pairs else data), scanner.faults


def _place(data, index):
    """Return "line L, column C" of a byte; both count from 1, columns in characters."""
    line = data[:index].count(b"\n") + 1
    start = data[:index].rfind(b"\n") + 1
    return "line %d, column %d" % (line, len(data[start:index].decode()) + 1)


def _join_pairs(text):
    """Return the JSON `text` with each escaped surrogate pair (RFC 8259 section 7) as its character.

    MicroPython's json makes two characters of a pair, neither of which UTF-8 has.
    """
    parts = []
    at = text.find("\\")
    done = 0
    while at >= 0:
        high, low = _surrogate(text, at), _surrogate(text, at + 6)
        if 0xD800 <= high < 0xDC00 <= low:
            parts.append(text[done:at] + chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00))
            done = at + 12
        at = text.find("\\", max(done, at + 2))  # behind this escape, which may be one of a backslash
    return "".join(parts) + text[done:]


def _surrogate(text, at):
    """Return the surrogate that is escaped at `at` (int), 0 if there is none."""
    code = int(text[at + 2 : at + 6], 16) if text[at : at + 2] == "\\u" else 0
    return code if 0xD800 <= code < 0xE000 else 0


def _bad_utf8(data):
    """Return the index of the first byte that is not UTF-8 (RFC 3629 section 4), or -1.

    MicroPython's own check lets surrogates and overlong forms pass.
    """
    at = 0
    end = len(data)
    while at < end:
        first = data[at]
        if first < 0x80:
            at += 1
            continue
        more = 0 if first < 0xC2 else 1 if first < 0xE0 else 2 if first < 0xF0 else 3
        least, most = _SECOND_BYTES.get(first, (0x80, 0xBF))
        if not more or first > 0xF4 or at + more >= end or not least <= data[at + 1] <= most:
            return at
        for k in range(at + 2, at + 1 + more):
            if data[k] & 0xC0 != 0x80:
                return at
        at += 1 + more
    return -1


class _Scanner:
    """Reads one JSON text; owned by `read`. Bytes, since indexing a str walks it on MicroPython."""

    def __init__(self, data, most):
        self.data = data
        self.at = 0
        self.depth = 0
        self.faults = []
        self.most = most
        self.line = 1  # in which `at` is, but inside a string
        self.counted = 0  # the index up to which characters of this line are counted
        self.column = 1
        self.has_pairs = False  # an escaped high surrogate, at least

    def stop(self, remedy, reason=reasons.NOT_JSON, length=1):
        raise _Stop(self.at, min(self._whole(self.at + length), len(self.data)), reason, remedy)

    def _whole(self, end):
        """Move `end` so that it does not cut a UTF-8 character."""
        while end < len(self.data) and self.data[end] & 0xC0 == 0x80:
            end += 1
        return end

    def text(self):
        self.value()
        if self.peek() >= 0:
            self.stop("end the file after the object")

    def peek(self):
        """Return the next byte that is not white space, or -1 at the end."""
        data = self.data
        while self.at < len(data):
            byte = data[self.at]
            if byte not in b" \t\r\n":
                return byte
            self.at += 1
            if byte == 0x0A:
                self.line += 1
                self.counted = self.at
                self.column = 1
        return -1

    def place(self, start):
        """Return "line L, column C" of a byte of this line, as _place does, in steps from one to the next."""
        self.column += len(self.data[self.counted : start].decode())
        self.counted = start
        return "line %d, column %d" % (self.line, self.column)

    def value(self):
        byte = self.peek()
        if byte == 0x7B:  # {
            self.inside(0x7D, self.member, {})
        elif byte == 0x5B:  # [
            self.inside(0x5D, self.element, None)
        elif byte == 0x22:
            self.string()
        elif byte == 0x2D or (byte >= 0 and byte in _DIGITS):
            self.number()
        else:
            self.word(byte)

    def inside(self, end, read_item, keys):
        """Read what stands between brackets, separated by commas, up to `end`."""
        self.depth += 1
        if self.depth > _DEPTH_MAX:
            self.stop("write an object of plain values and lists", reasons.TOO_DEEP)
        self.at += 1
        byte = self.peek()
        while byte != end:
            read_item(keys)
            byte = self.peek()
            if byte == 0x2C:
                comma = self.at
                self.at += 1
                byte = self.peek()
                if byte == end:
                    self.at = comma
                    self.stop("remove the last comma")
            elif byte < 0:
                self.stop('write the missing "%s"' % chr(end))
            elif byte != end:
                self.stop(self.hint(byte) or 'write a comma or "%s" before it' % chr(end))
        self.at += 1
        self.depth -= 1

    def element(self, _):
        self.value()

    def member(self, keys):
        byte = self.peek()
        if byte != 0x22:
            self.stop(self.hint(byte) or "write the key in double quotes")
        start = self.at
        self.string()
        key = json.loads(self.data[start : self.at].decode())
        if key in keys and len(self.faults) < _DUPLICATES_MAX:
            remedy = "keep one of the two"
            self.faults.append(fault.Fault(self.place(start), key, reasons.DUPLICATE_KEY, remedy))
            if len(self.faults) >= self.most:
                raise _Enough
        keys[key] = True
        if self.peek() != 0x3A:
            self.stop("write a colon after the key")
        self.at += 1
        self.value()

    def string(self):
        data = self.data
        start = self.at
        self.at += 1
        while self.at < len(data):
            byte = data[self.at]
            if byte == 0x22:
                self.at += 1
                return
            if byte < 32 and byte not in b"\r\n":
                self.at = start
                self.stop("write control characters escaped, a tab as \\t")
            if byte < 32:
                break
            self.at += 1
            if byte == 0x5C:
                self.escape()
        self.at = start
        self.stop("close the string with a double quote on the same line")

    def escape(self):
        data = self.data
        byte = data[self.at] if self.at < len(data) else 0
        if byte == 0x75:
            digits = data[self.at + 1 : self.at + 5]
            if len(digits) == 4 and not [digit for digit in digits if digit not in _HEX]:
                self.at += 5
                if digits[0] in b"dD" and digits[1] in b"89abAB":
                    self.has_pairs = True
                return
        elif byte in _ESCAPES:
            self.at += 1
            return
        self.at -= 1
        self.stop('write a backslash as "\\\\"', length=2)

    def number(self):
        start = self.at
        if self.data[self.at] == 0x2D:
            self.at += 1
        whole = self.digits()
        good = whole == 1 or (whole > 1 and self.data[self.at - whole] != 0x30)
        if self.take(b"."):
            good = self.digits() > 0 and good
        if self.take(b"eE"):
            self.take(b"+-")
            good = self.digits() > 0 and good
        length = self.at - start
        if not good or length > _NUMBER_MAX:  # RFC 8259 section 9 allows a limit
            self.at = start
            reason = reasons.TOO_LONG if good else reasons.NOT_JSON
            self.stop("write a plain number, as in 600", reason, length)

    def digits(self):
        start = self.at
        while self.take(_DIGITS):
            pass
        return self.at - start

    def take(self, allowed):
        if self.at < len(self.data) and self.data[self.at] in allowed:
            self.at += 1
            return True
        return False

    def word(self, byte):
        end = self.at
        while end < len(self.data) and chr(self.data[end]).isalpha() and self.data[end] < 128:
            end += 1
        word = self.data[self.at : end]
        if word in _LITERALS:
            self.at = end
            return
        if word in _NOT_LITERALS:
            self.stop("write " + _NOT_LITERALS[word], length=len(word))
        if byte < 0:
            self.stop("write the missing value")
        self.stop(self.hint(byte) or "write a value: a string goes in double quotes")

    def hint(self, byte):
        """Return the remedy of a frequent mistake that begins with `byte`, or None."""
        if byte == 0x27:
            return "write double quotes"
        if byte in (0x23, 0x2F):
            return "remove the comment: JSON has none"
        return None
