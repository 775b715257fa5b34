"""What is wrong with a policy or with settings, in words for people.

A reason is one of the constants below and of nothing else; a program compares with the
constant, a person reads its text.
"""

from collections import namedtuple

from .compat import const, lower

# Origins and hosts. The order is that in which one origin's reasons are printed.
WHITESPACE = "white space"
NO_SCHEME = "no scheme"
BAD_SCHEME = "not a scheme that a page can have"
APP_SCHEME = "scheme of an app or extension"
UPPER_CASE = "upper case"
NOT_ASCII = "not ASCII"
USERINFO = "user name or password"
NO_HOST = "no host"
BAD_HOST = "not a host name"
BAD_CHARACTER = "character that a host cannot have"
TRAILING_DOT = "trailing dot"
BAD_IPV4 = "not an IPv4 address as a browser writes it"
BAD_IPV6 = "not an IPv6 address as a browser writes it"
LONG_IPV6 = "IPv6 address not in brackets and short form"
TOO_LONG = "too long"
BAD_WILDCARD = "wildcard in the wrong place"
BAD_PORT = "not a port"
DEFAULT_PORT = "default port"
TRAILING_SLASH = "trailing slash"
PATH = "path, query or fragment"

# Lists of origins.
NOT_ALONE = "not alone in the list"
STAR_CREDENTIALS = "any origin with credentials"
NULL_CREDENTIALS = "null with credentials"
NULL_ORIGIN = "any sandboxed page can have this origin"
HTTP_CREDENTIALS = "credentials over plain http"
PUBLIC_SUFFIX = "wildcard on a public suffix"

# Methods and header names.
NOT_A_TOKEN = "not a name that HTTP allows"
FORBIDDEN_METHOD = "method that a page cannot use"
METHOD_CASE = "lower case"
FORBIDDEN_HEADER = "header that a page cannot set"
HIDDEN_HEADER = "header that a page cannot read"

# Any field.
UNKNOWN_KEY = "unknown key"
MISSING = "missing"
WRONG_TYPE = "wrong type"
NOT_A_LIST = "not a list"
OUT_OF_RANGE = "out of range"
NOT_A_CHOICE = "not one of the choices"
DUPLICATE = "listed twice"
CONTROL = "control character"

# The settings.
BAD_NAME = "not a name for a host"
BAD_SSID = "not the name of a network"
BAD_PASSWORD = "not a Wi-Fi password"

# Who may look, who may set.
BAD_TOKEN_NAME = "not a name for a token"
BAD_HASH = "not a SHA-256 in hexadecimal"
NOT_THE_SENTENCE = "not the sentence that opens the camera"
NOT_BOTH = "one excludes the other"
TOO_MANY = "too many"

# The file.
TOO_LARGE = "file too large"
NOT_UTF8 = "not UTF-8"
NOT_JSON = "not JSON"
TOO_DEEP = "nested too deeply"
DUPLICATE_KEY = "key given twice"

REASONS = (
    WHITESPACE, NO_SCHEME, BAD_SCHEME, APP_SCHEME, UPPER_CASE, NOT_ASCII, USERINFO, NO_HOST,
    BAD_HOST, BAD_CHARACTER, TRAILING_DOT, BAD_IPV4, BAD_IPV6, LONG_IPV6, TOO_LONG, BAD_WILDCARD,
    BAD_PORT, DEFAULT_PORT, TRAILING_SLASH, PATH, NOT_ALONE, STAR_CREDENTIALS, NULL_CREDENTIALS,
    NULL_ORIGIN, HTTP_CREDENTIALS, PUBLIC_SUFFIX, NOT_A_TOKEN, FORBIDDEN_METHOD, METHOD_CASE,
    FORBIDDEN_HEADER, HIDDEN_HEADER, UNKNOWN_KEY, MISSING, WRONG_TYPE, NOT_A_LIST, OUT_OF_RANGE,
    NOT_A_CHOICE, DUPLICATE, TOO_LARGE, NOT_UTF8, NOT_JSON, TOO_DEEP, DUPLICATE_KEY, CONTROL,
    BAD_NAME, BAD_SSID, BAD_PASSWORD, BAD_TOKEN_NAME, BAD_HASH, NOT_THE_SENTENCE, NOT_BOTH, TOO_MANY,
)  # fmt: skip

#: Stands for a value that may be a secret: `lines` leaves it out.
HIDDEN = ...

_SHOWN_MAX = const(120)


class Fault(namedtuple("Fault", ("field", "value", "reason", "remedy"))):
    """One thing wrong with a file.

    field: str, where: "max_age", "allowed_origins[1]", "line 3, column 5", "file".
    value: what stands there, as parsed from JSON; HIDDEN if nobody may see it.
    reason: one of `REASONS`.
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
