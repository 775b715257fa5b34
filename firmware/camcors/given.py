"""What a request to the camera's own paths has given, checked; a fault is said as strict/error.py has it.

On a camera this module is there only while a body is read, see strict/late.py.
"""

from microdot import abort
from strict import error, late

from .routes import BODY_MAX, refuse

_SHOWN_MAX = 64
_FLOAT_MAX = 1e30


class Bad(Exception):
    """A request that gets 400; args are a code, words, and further members of the answer (dict)."""


def object_of(request, example):
    """Return the JSON object in the body of `request` as a dict; `example` (str) is for the error.

    Raises Bad.
    """
    if len(request.body) > BODY_MAX:
        abort(413)
    value, faults = late.load("strict.json").read(request.body, 1)
    if faults:
        first = faults[0]
        words = "{}: {}".format(first.field, first.reason)
        raise Bad(error.BAD_JSON, words, {"remedy": first.remedy})
    if type(value) is not dict:
        raise Bad(error.BAD_JSON, "not an object", {"remedy": "write one, such as " + example})
    return value


def unknown(name, known):
    """Return the Bad of a field `name` that is not one of `known` (str)."""
    names = sorted(known)
    remedy = "write one of " + ", ".join(names)
    more = {"field": name[:_SHOWN_MAX], "range": {"values": names}, "remedy": remedy}
    return Bad(error.UNKNOWN_FIELD, "no such field", more)


def bad_value(name, value, words, allowed):
    """Return the Bad of a field's value; words: what it must be. allowed: the range (dict)."""
    if type(value) is str:
        value = value[:_SHOWN_MAX]
    elif type(value) in (list, dict) or (type(value) is float and not abs(value) < _FLOAT_MAX):
        value = None  # infinity is not JSON
    more = {"field": name, "value": value, "range": allowed}
    return Bad(error.BAD_VALUE, name + " must be " + words, more)


def refused(request, bad):
    """Return the answer (tuple) to the request that is Bad."""
    code, words, more = bad.args
    return refuse(request, code, words, **more)
