"""A file that is one JSON object and may hold secrets: its reader, whose faults show nothing of it."""

import binascii
import hashlib

from . import json as strict_json
from . import reasons
from .compat import utf8
from .fault import HIDDEN, Fault

_DIGEST_LENGTH = 12


def read(text, size_max, example):
    """Return (object, faults) of a text (str or bytes): a dict, None if the text is no object, and a list of
    Fault, of syntax and of keys given twice. Never raises.

    size_max: bytes that the file may have. example: an object as it is to be written (str).
    """
    try:
        data = text.encode() if isinstance(text, str) else bytes(text)
    except UnicodeError:  # half a surrogate pair, on CPython
        return None, [Fault("file", HIDDEN, reasons.NOT_UTF8, strict_json.SAVE_AS)]
    if len(data) > size_max:
        return None, [Fault("file", len(data), reasons.TOO_LARGE, "write at most %d bytes" % size_max)]
    value, found = strict_json.read(data)
    # The text at the place may be part of a secret.
    faults = [Fault(each.field, HIDDEN, each.reason, each.remedy) for each in found]
    if type(value) is dict:
        return value, faults
    return None, faults or [Fault("file", HIDDEN, reasons.WRONG_TYPE, "write one object, such as " + example)]


def digest(parts):
    """Return the first 12 hex digits (str) of the SHA-256 of a document's normal form (iterable of str).

    It names a document in a status line; 48 bits are plenty to tell a person's files apart, and it protects
    nothing.
    """
    whole = hashlib.sha256()
    for part in parts:
        whole.update(utf8(part))
    return binascii.hexlify(whole.digest()).decode()[:_DIGEST_LENGTH]
