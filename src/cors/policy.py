"""A policy: what the file /policy.json says, parsed, validated and normalised."""

import json

from strict import fault, late
from strict.fault import Fault, PolicyError

from .origin import Matcher


class Policy:
    """A valid policy. Not changed after it is made: make another and put it in its place.

    Has an attribute for each field of the table in `fields.py`, named as in the file. Lists are
    tuples of str without what was listed twice; `allowed_origins` may be the str "*".
    `resource_policy` is what is in force, its default included.

    warnings: tuple of `Fault`: what is allowed and yet probably not meant.
    digest: str, strict.document.digest of `to_json()`.
    """

    def __init__(self, **fields):
        """Make a policy of fields by name, each with the default of the file.

        `version` may be left out here. Raises PolicyError with all faults.
        """
        self._set(fields, [])

    @classmethod
    def from_json(cls, text, is_public_suffix=None):
        """Return the policy that a JSON text (str or bytes, at most 8192 bytes) describes.

        is_public_suffix: tells whether strangers get names below a domain (str); the camera's own
        list, which counts without it, is short, a computer has room for the full one.
        Raises PolicyError with all faults; a fault of syntax has the field "line L, column C".
        Raises TypeError for anything but text and bytes.
        """
        if not isinstance(text, (str, bytes, bytearray, memoryview)):
            raise TypeError("a policy is read from str or bytes")
        file_max = late.load("cors.fields").FILE_MAX
        reasons = late.load("strict.reasons")
        strict_json = late.load("strict.json")
        try:
            data = text  # of a file, as it is: a copy may have no room
            if not isinstance(text, bytes):
                data = text.encode() if isinstance(text, str) else bytes(text)
        except UnicodeError:  # a lone surrogate in a str
            raise PolicyError([Fault("file", None, reasons.NOT_UTF8, strict_json.SAVE_AS)]) from None
        if len(data) > file_max:
            remedy = "write at most %d bytes" % file_max
            raise PolicyError([Fault("file", len(data), reasons.TOO_LARGE, remedy)])
        value, faults = strict_json.read(data)
        if not isinstance(value, dict):
            if not faults:
                remedy = 'write one object, as in {"version": 1}'
                faults.append(Fault("file", value, reasons.WRONG_TYPE, remedy))
            raise PolicyError(faults)
        value.pop("$schema", None)
        if "version" not in value:
            faults.append(Fault("version", None, reasons.MISSING, 'write "version": 1'))
        policy = cls()
        policy._set(value, faults, is_public_suffix)
        return policy

    def _set(self, given, faults, is_public_suffix=None):
        """Check `given` (dict) and take its values; raise PolicyError with `faults` and more."""
        fields = late.load("cors.fields")
        for key in sorted(given):
            if key not in fields.NAMES:
                known = fault.nearest(key, fields.NAMES)
                remedy = "write " + fault.show(known) if known else "remove it"
                unknown = late.load("strict.reasons").UNKNOWN_KEY
                faults.append(Fault(key, given[key], unknown, remedy))
        is_public_suffix = is_public_suffix or fields.is_public_suffix
        check = fields.Check(given.get("allow_credentials") is True, is_public_suffix)
        for row in fields.FIELDS:
            name = row[0]
            value = check.value(row, given[name]) if name in given else row[3]
            setattr(self, name, value)
        faults.extend(check.faults)
        if faults:
            raise PolicyError(faults)
        if "resource_policy" not in given:
            self.resource_policy = "cross-origin" if self.allowed_origins == "*" else "same-origin"
        self.warnings = tuple(check.warnings)
        self.matcher = Matcher(() if self.allowed_origins == "*" else self.allowed_origins)
        self.digest = late.load("strict.document").digest(self._parts())

    def matches(self, origin):
        """Return whether `origin` (str, an Origin header) may read the answers.

        With "*" every origin may. Costs the same for one pattern and for a hundred.
        """
        return self.allowed_origins == "*" or self.matcher.match(origin)

    def to_json(self):
        """Return the policy as JSON text (str): every field, in the order of the table.

        Two files that mean the same, but for order in lists and case of header names, give the
        same text on every interpreter.
        """
        return "".join(self._parts())

    def _parts(self):
        """Yield the text of to_json() in parts: for a digest, nobody needs it whole."""
        before = '{\n  "'
        for name in late.load("cors.fields").NAMES:
            value = getattr(self, name)
            yield before + name + '": '
            if isinstance(value, tuple):
                yield from _list_parts(value)
            else:
                yield json.dumps(value)
            before = ',\n  "'
        yield "\n}\n"


def _list_parts(texts):
    """Yield what json.dumps() makes of a list, item by item; of a tuple, MicroPython's would make ()."""
    before = "["
    for text in texts:
        yield before + json.dumps(text)
        before = ", "
    yield "]" if texts else "[]"
