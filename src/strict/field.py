"""What the value of a field may be: one vocabulary for the policy, the settings and a camera's driver.

A kind is a word and a limit, both written as literals in a table: so a frozen table stays in flash.

    kind      limit            takes
    "bool"    None             true or false
    "int"     (least, most)    a whole number from `least` to `most`
    "choice"  the choices      one of them, compared by type and value
    "text"    most             at most so many characters, no control characters among them

A table may name more kinds, which its own module checks.
"""

from . import fault, late

BOOL = "bool"
INT = "int"
CHOICE = "choice"
TEXT = "text"


def check(kind, limit, value):
    """Return None if `value` may stand in a field, else (reason, remedy): see fault.Fault."""
    reason = _reason(kind, limit, value)
    return None if reason is None else (reason, "write " + describe(kind, limit))


def describe(kind, limit):
    """Return what a field takes in words (str), as they follow "write" or "must be"."""
    if kind == BOOL:
        return "true or false"
    if kind == CHOICE:
        return "one of " + ", ".join([fault.show(choice) for choice in limit])
    if kind == TEXT:
        return "text of at most %d characters, without control characters" % limit
    least, most = limit
    return "%d" % least if least == most else "a whole number from %d to %d" % limit


def to_json(kind, limit):
    """Return what a field takes for programs: `{"min": int, "max": int}` or `{"values": [...]}`."""
    if kind == INT:
        return {"min": limit[0], "max": limit[1]}
    return {"values": [False, True] if kind == BOOL else list(limit)}


def _reason(kind, limit, value):
    reasons = late.load("strict.reasons")
    if kind == CHOICE:
        return None if _is_among(value, limit) else reasons.NOT_A_CHOICE
    if type(value) is not (bool if kind == BOOL else int if kind == INT else str):
        return reasons.WRONG_TYPE  # not isinstance: True is an int to CPython
    if kind == INT and not limit[0] <= value <= limit[1]:
        return reasons.OUT_OF_RANGE
    if kind == TEXT and len(value) > limit:
        return reasons.TOO_LONG
    return reasons.CONTROL if kind == TEXT and has_control(value) else None


def _is_among(value, choices):
    for choice in choices:
        if type(value) is type(choice) and value == choice:
            return True
    return False


def has_control(text):
    """Return whether `text` (str) has a control character (Unicode, Cc) or half a surrogate pair."""
    for char in text:
        code = ord(char)
        if code < 32 or 127 <= code < 160:
            return True
    return has_surrogate(text)


def has_surrogate(text):
    """Return whether `text` (str) has half a surrogate pair, which UTF-8 cannot hold."""
    for char in text:
        if 0xD800 <= ord(char) < 0xE000:
            return True
    return False
