"""What is wrong with a policy, an access file or the settings, and where."""

from collections import namedtuple

from .compat import const, lower

#: Stands for a value that may be a secret: `lines` leaves it out.
HIDDEN = ...

_SHOWN_MAX = const(120)


class Fault(namedtuple("Fault", ("field", "value", "reason", "remedy"))):
    """One thing wrong with a file.

    field: str, where: "max_age", "allowed_origins[1]", "line 3, column 5", "file".
    value: what stands there, as parsed from JSON; HIDDEN if nobody may see it.
    reason: one of strict.reasons.REASONS.
    remedy: str, what to write instead.
    A value with two things wrong has two faults, printed as one line by `lines`.
    """

    __slots__ = ()

    def __str__(self):
        return lines((self,))


class DocumentError(ValueError):
    """A document that was refused. `faults`: tuple of `Fault`, all of them: of syntax and keys
    first, then in the order of the table of fields.

    `str()` of it is one line for each faulty value.
    """

    def __init__(self, faults):
        self.faults = tuple(faults)
        super().__init__(lines(self.faults))


class PolicyError(DocumentError):
    """A policy that was refused."""


class AccessError(DocumentError):
    """An access file that was refused. No value of it is in a fault: it may be a secret."""


def lines(faults):
    """Return `faults` as text: `field: value: reason, reason; remedy`, a line for each value."""
    rows = []
    last = None
    for fault in faults:
        place = (fault.field, fault.value, fault.remedy)
        if place == last:
            rows[-1][1] += ", " + fault.reason
        else:
            where = show(fault.field)[1:-1] + ": "
            if fault.value is not HIDDEN:
                where += show(fault.value) + ": "
            rows.append([where, fault.reason, fault.remedy])
        last = place
    return "\n".join([row[0] + row[1] + "; " + row[2] for row in rows])


def show(value):
    """Return `value` written as in JSON, in ASCII, cut short when long.

    Escaped because a serial console may have any encoding, and because a value from a file must
    not be able to steer a terminal.
    """
    if isinstance(value, str):
        text = '"' + "".join([_escape(char) for char in value[:_SHOWN_MAX]]) + '"'
    elif isinstance(value, (list, tuple)):
        text = _show_list(value)
    elif isinstance(value, dict):
        text = "{...}" if value else "{}"
    elif value is None or isinstance(value, bool):
        text = "null" if value is None else "true" if value else "false"
    elif isinstance(value, (int, float)):
        text = str(value)
    else:
        text = "<" + type(value).__name__ + ">"
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 3] + "..."


def _show_list(values):
    """Return `values` as text, no more of them than are shown when it is cut short."""
    text = "["
    for item in values:
        if len(text) > _SHOWN_MAX:
            break
        text += (", " if len(text) > 1 else "") + show(item)
    return text + "]"


def _escape(char):
    code = ord(char)
    if char in '"\\':
        return "\\" + char
    if 32 <= code < 127:
        return char
    if code > 0xFFFF:  # JSON writes these as a surrogate pair, RFC 8259 section 7
        code -= 0x10000
        return "\\u%04x\\u%04x" % (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF))
    return "\\u%04x" % code


def nearest(word, words):
    """Return the one of `words` that `word` was probably meant to be, or None."""
    word = lower(word).replace("-", "_")
    best = None
    least = max(2, len(word) // 4) + 1
    for candidate in words:
        distance = _distance(word, candidate, least)
        if distance < least:
            best = candidate
            least = distance
    if best is None and len(word) > 3:
        for candidate in words:
            if word in candidate or candidate in word:
                return candidate
    return best


def _distance(a, b, limit):
    """Return the Levenshtein distance of two strings, or `limit` or more if it is no less."""
    if abs(len(a) - len(b)) >= limit:
        return limit  # so many characters are put in or left out: a long key costs nothing
    row = list(range(len(b) + 1))
    for i in range(len(a)):
        previous = row[0]
        row[0] = i + 1
        for j in range(len(b)):
            change = previous + (a[i] != b[j])
            previous = row[j + 1]
            row[j + 1] = min(change, previous + 1, row[j] + 1)
    return row[-1]
