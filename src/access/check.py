"""Checks what an access file says; document.py says what it may say.

On a camera this module is there only while a file is read, see strict/late.py.
"""

import binascii

from strict import fault, reasons
from strict.compat import const, lower
from strict.fault import HIDDEN, Fault
from strict.field import check

from .roles import CONTROL, ROLES, TOKEN_FIELDS, VIEW, Token

FILE_MAX = const(8192)  # bytes
#: In the normal form a token has at most 172 bytes, so that 16 have 2,752; with each key on a line of its own
#: they still fit. Each is compared with that of a request.
TOKENS_MAX = const(16)
NAME_MAX = const(32)
CREATED_MAX = 4294967295
EXAMPLE = '{"version": 1, "tokens": []}'
#: Field of the access file -> (the sentence that is its value, the role that anyone has then).
SENTENCES = {
    "open": ("anyone in this network may watch and control", CONTROL),
    "open_view": ("anyone in this network may watch", VIEW),
}

_FIELDS = ("open", "open_view", "tokens", "version")
_KEY_MAX = const(12)  # characters; one of a longer key may be a secret
_ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NAME = _ALNUM + "-_."
_HEX = "0123456789abcdef"
_HASH_DIGITS = const(64)
_NAME_REMEDY = (
    "write letters, digits, hyphens, dots and underscores, at most %d, a letter or digit first" % NAME_MAX
)
_MANY_REMEDY = "write at most %d; remove one that is not used" % TOKENS_MAX
_HASH_REMEDY = "write 64 digits of 0 to 9 and a to f, as camcors token add writes them"


class Check:
    """Gathers the faults of one file; made for one use. No value is in one: it may be a secret that stands in
    the wrong place."""

    def __init__(self, faults):
        self._faults = faults

    def read(self, given):
        """Return (tokens, open_role) of an access file's object (dict), as Access has them."""
        self._keys("", given, _FIELDS)
        self._field("version", "int", (1, 1), given.get("version", 1))
        return self._tokens(given["tokens"]) if "tokens" in given else (), self._open_role(given)

    def _add(self, place, reason, remedy):
        self._faults.append(Fault(place, HIDDEN, reason, remedy))

    def _keys(self, place, given, known):
        """Add a fault for each key of `given` that is not in `known`; a long one is not named."""
        for key in sorted(given):
            if key in known:
                continue
            near = fault.nearest(key, known) if len(key) <= _KEY_MAX else None
            remedy = "write " + fault.show(near) if near else "write one of " + ", ".join(known)
            named = key if len(key) <= _KEY_MAX else ""
            self._add(
                ".".join([part for part in (place, named) if part]) or "file", reasons.UNKNOWN_KEY, remedy
            )

    def _field(self, place, kind, limit, value):
        found = check(kind, limit, value)
        if found:
            self._add(place, found[0], found[1])

    def _open_role(self, given):
        """Return the role that anyone has (one of ROLES), or None."""
        found = None
        for name in sorted(SENTENCES):
            if name not in given:
                continue
            sentence, role = SENTENCES[name]
            if found is not None:
                self._add(name, reasons.NOT_BOTH, 'remove "open" or "open_view"')
            if given[name] != sentence:
                self._add(name, reasons.NOT_THE_SENTENCE, "write " + fault.show(sentence) + ", or remove it")
            found = role
        return found

    def _tokens(self, given):
        """Return the tokens (tuple of Token); of faulty ones what is good."""
        if type(given) is not list:
            self._add("tokens", reasons.NOT_A_LIST, "write a list, [] for no tokens")
            return ()
        if len(given) > TOKENS_MAX:
            self._add("tokens", reasons.TOO_MANY, _MANY_REMEDY)
            return ()
        tokens = []
        for i in range(len(given)):
            place = "tokens[%d]" % i
            if type(given[i]) is dict:
                tokens.append(self._token(place, given[i], tokens))
            else:
                self._add(place, reasons.WRONG_TYPE, "write an object, as camcors token add does")
        return tuple(tokens)

    def _token(self, place, given, before):
        self._keys(place, given, TOKEN_FIELDS)
        name, role, digits = given.get("name"), given.get("role"), given.get("sha256")
        created_s = given.get("created_s")
        self._text(place, "name", given, _is_name(name), reasons.BAD_TOKEN_NAME, _NAME_REMEDY)
        if _is_name(name) and lower(name) in [lower(token.name) for token in before if _is_name(token.name)]:
            self._add(place + ".name", reasons.DUPLICATE, "write another name, or remove one of the two")
        if "role" in given:
            self._field(place + ".role", "choice", ROLES, role)
        else:
            self._add(place + ".role", reasons.MISSING, "write one of " + ", ".join(ROLES))
        self._text(place, "sha256", given, _is_hash(digits), reasons.BAD_HASH, _HASH_REMEDY)
        sha256 = binascii.unhexlify(digits) if _is_hash(digits) else None
        if sha256 and sha256 in [token.sha256 for token in before]:
            self._add(place + ".sha256", reasons.DUPLICATE, "make a token of its own for each name")
        if "created_s" in given:
            self._field(place + ".created_s", "int", (0, CREATED_MAX), created_s)
        return Token(name, role, sha256, created_s)

    def _text(self, place, name, given, is_good, reason, remedy):
        if not is_good:
            self._add(place + "." + name, reason if name in given else reasons.MISSING, remedy)


def _is_name(text):
    if type(text) is not str or not 0 < len(text) <= NAME_MAX or text.strip(_NAME):
        return False
    return text[0] in _ALNUM


def _is_hash(text):
    return type(text) is str and len(text) == _HASH_DIGITS and not text.strip(_HEX)
