"""The errors that the camera answers with, as they stand on the wire.

One form for all of them, whoever refuses: JSON with `error` (words for people), `code` (a constant below),
and where they help `remedy` (what to do) and `field`. A program looks at the code, never at the words. Who
asks for text or HTML, as a browser does that opens a page, gets the words only.
"""

import json

from .compat import const

USE_HTTPS = const("use-https")
BAD_REQUEST = const("bad-request")
BAD_JSON = const("bad-json")
UNKNOWN_FIELD = const("unknown-field")
BAD_VALUE = const("bad-value")
NO_TOKEN = const("no-token")
WRONG_TOKEN = const("wrong-token")
LINK_ENDED = const("link-ended")
ROLE_TOO_LOW = const("role-too-low")
FOREIGN_WRITE = const("foreign-write")
FOREIGN_WEBSOCKET = const("foreign-websocket")
NOT_FOUND = const("not-found")
WRONG_METHOD = const("wrong-method")
TIMEOUT = const("timeout")
BODY_TOO_LARGE = const("body-too-large")
BAD_EXPECTATION = const("bad-expectation")
FOREIGN_HOST = const("foreign-host")
HEAD_TOO_LARGE = const("head-too-large")
INTERNAL = const("internal")
NOT_IMPLEMENTED = const("not-implemented")
BUSY = const("busy")
NO_MEMORY = const("no-memory")
STREAMS_TAKEN = const("streams-taken")
STREAMS_OFF = const("streams-off")
NO_PICTURE = const("no-picture")
NO_SENSOR = const("no-sensor")
NOT_SET = const("not-set")
BAD_VERSION = const("bad-version")

#: (code, the status that it comes with) of each. Constants all, so the frozen table takes no heap.
STATUS = (
    (USE_HTTPS, 308),
    (BAD_REQUEST, 400),
    (BAD_JSON, 400),
    (UNKNOWN_FIELD, 400),
    (BAD_VALUE, 400),
    (NO_TOKEN, 401),
    (WRONG_TOKEN, 401),
    (LINK_ENDED, 401),
    (ROLE_TOO_LOW, 403),
    (FOREIGN_WRITE, 403),
    (FOREIGN_WEBSOCKET, 403),
    (NOT_FOUND, 404),
    (WRONG_METHOD, 405),
    (TIMEOUT, 408),
    (BODY_TOO_LARGE, 413),
    (BAD_EXPECTATION, 417),
    (FOREIGN_HOST, 421),
    (HEAD_TOO_LARGE, 431),
    (INTERNAL, 500),
    (NOT_IMPLEMENTED, 501),
    (BUSY, 503),
    (NO_MEMORY, 503),
    (STREAMS_TAKEN, 503),
    (STREAMS_OFF, 503),
    (NO_PICTURE, 503),
    (NO_SENSOR, 503),
    (NOT_SET, 503),
    (BAD_VERSION, 505),
)

_JSON = const("application/json; charset=UTF-8")
_TEXT = const("text/plain; charset=UTF-8")
_JSON_RANGES = const(("application/json", "application/*", "*/*"))  # the most specific first
_TEXT_RANGES = const(("text/html", "text/plain", "text/*"))


def answer(accept, code, words, remedy=None, **more):
    """Return (body, headers), str and dict, of the error `code` for a client whose Accept header is `accept`
    (str or None).

    words, remedy: for people. more: further members of the object.
    """
    if wants_text(accept):
        body, kind = words + ("; " + remedy if remedy else "") + "\n", _TEXT
    else:
        body, kind = _object(code, words, remedy, more), _JSON
    return body, {"Content-Type": kind, "Vary": "Accept", "Cache-Control": "no-store"}


def status_of(code):
    """Return the status (int) that the error `code` comes with."""
    for each, status in STATUS:
        if each == code:
            return status
    raise KeyError(code)


def _object(code, words, remedy, more):
    # By hand, since MicroPython orders the keys of a dict as it likes, and a person reads the words first.
    members = ['"error": ' + json.dumps(words), '"code": "' + code + '"']
    if remedy:
        members.append('"remedy": ' + json.dumps(remedy))
    for name in sorted(more):
        members.append('"' + name + '": ' + json.dumps(more[name]))
    return "{" + ", ".join(members) + "}"


def wants_text(accept):
    """Return whether an Accept header (str or None) prefers text or HTML to JSON
    (RFC 9110 section 12.5.1)."""
    if accept is None or "text/" not in accept.lower():
        return False
    given = weights(accept)
    text = max([given.get(each, 0) for each in _TEXT_RANGES])
    for each in _JSON_RANGES:
        if each in given:
            return text > given[each]
    return text > 0


def weights(accept):
    """Return the media ranges of an Accept header (str), in lower case, each with its weight in thousandths
    (int)."""
    found = {}
    for item in accept.lower().split(","):
        kind, *parameters = item.split(";")
        weight = 1000
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip(" \t") == "q":
                weight = _thousandths(value.strip(" \t"))
        found[kind.strip(" \t")] = weight
    return found


def _thousandths(value):
    """Return a qvalue, `0.8` or `1`, as an int; 0 for what is none."""
    whole, _, rest = value.partition(".")
    digits = whole + (rest + "000")[:3]
    if len(whole) != 1 or digits.strip("0123456789"):  # int() of thousands of digits takes long, or raises
        return 0
    return min(int(digits), 1000)
