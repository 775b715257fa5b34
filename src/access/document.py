"""What /access.json says: the tokens that the camera knows, or that it is open.

    {"version": 1, "tokens": [{"name": "kitchen", "role": "view", "sha256": "...", "created_s": 1790000000}]}

Without tokens the camera is locked. Two sentences open it, each to be written to the letter, so that nobody
opens it by a word:

    {"open": "anyone in this network may watch and control"}
    {"open_view": "anyone in this network may watch"}

Tokens may stand beside either, for those who do more. `version` may be left out.
"""

import binascii
import json
from collections import namedtuple

from strict import document, fault
from strict.compat import const, lower
from strict.fault import HIDDEN, AccessError, Fault
from strict.field import check

from .roles import CONTROL, ROLES, VIEW

FILE_MAX = const(8192)  # bytes
#: In the normal form a token has at most 172 bytes, so that 16 have 2,752; with each key on a line of its own
#: they still fit. Each is compared with that of a request.
TOKENS_MAX = const(16)
NAME_MAX = const(32)
CREATED_MAX = 4294967295

#: Field -> (the sentence that is its value, the role that anyone has then).
SENTENCES = {
    "open": ("anyone in this network may watch and control", CONTROL),
    "open_view": ("anyone in this network may watch", VIEW),
}

_FIELDS = ("open", "open_view", "tokens", "version")
_TOKEN_FIELDS = ("name", "role", "sha256", "created_s")
_EXAMPLE = '{"version": 1, "tokens": []}'
_KEY_MAX = const(12)  # characters; one of a longer key may be a secret
_ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NAME = _ALNUM + "-_."
_HEX = "0123456789abcdef"
_HASH_DIGITS = const(64)
_NAME_REMEDY = (
    "write letters, digits, hyphens, dots and underscores, at most %d, a letter or digit first" % NAME_MAX
)
_HASH_REMEDY = "write 64 digits of 0 to 9 and a to f, as camcors token add writes them"

#: name, role: str. sha256: of the token (bytes). created_s: seconds since 1970 (int), None if nobody knows.
Token = namedtuple("Token", _TOKEN_FIELDS)


class Access:
    """A valid access file. Not changed after it is made: make another and put it in its place.

    tokens: tuple of Token, in the order of the file. open_role: the role that anyone has without a token (one
    of ROLES), None for none. digest: str, strict.document.digest of `to_json()`.
    """

    def __init__(self, **fields):
        """Make it of fields by name, as the file has them. Raises AccessError with all faults."""
        self._set(fields, [])

    @classmethod
    def from_json(cls, text):
        """Return what a JSON text (str or bytes) says.

        Raises AccessError with all faults; a fault of syntax has the field "line L, column C".
        """
        given, faults = document.read(text, FILE_MAX, _EXAMPLE)
        if given is None:
            raise AccessError(faults)
        given.pop("$schema", None)
        access = cls()
        access._set(given, faults)
        return access

    def _set(self, given, faults):
        check = _Check(faults)
        check.keys("", given, _FIELDS)
        check.field("version", "int", (1, 1), given.get("version", 1))
        self.tokens = check.tokens(given["tokens"]) if "tokens" in given else ()
        self.open_role = check.open_role(given)
        if faults:
            raise AccessError(faults)
        self.digest = document.digest((self.to_json(),))

    def closed(self):
        """Return it without what opens the camera: the tokens only."""
        if self.open_role is None:
            return self
        return Access(tokens=[_fields(token) for token in self.tokens])

    def with_token(self, name, role, sha256, created_s=None):
        """Return the Access that knows one more token; sha256: as in the file. Raises AccessError."""
        more = {"name": name, "role": role, "sha256": sha256}
        if created_s is not None:
            more["created_s"] = created_s
        return self._with([_fields(token) for token in self.tokens] + [more])

    def without_token(self, name):
        """Return the Access that does not know the token `name`; the same one if there is none."""
        kept = [_fields(token) for token in self.tokens if lower(token.name) != lower(name)]
        return self if len(kept) == len(self.tokens) else self._with(kept)

    def _with(self, tokens):
        fields = {"tokens": tokens}
        for name, (sentence, role) in SENTENCES.items():
            if role == self.open_role:
                fields[name] = sentence
        return Access(**fields)

    def to_json(self):
        """Return it as JSON text (str), in one form on every interpreter."""
        rows = ['  "version": 1']
        for name in sorted(SENTENCES):
            sentence, role = SENTENCES[name]
            if role == self.open_role:
                rows.append('  "' + name + '": ' + json.dumps(sentence))
        tokens = ["    " + _to_json(token) for token in self.tokens]
        rows.append('  "tokens": [' + ("\n" + ",\n".join(tokens) + "\n  ]" if tokens else "]"))
        return "{\n" + ",\n".join(rows) + "\n}\n"


def _fields(token):
    """Return a token as the file has it (dict)."""
    found = {"name": token.name, "role": token.role, "sha256": binascii.hexlify(token.sha256).decode()}
    if token.created_s is not None:
        found["created_s"] = token.created_s
    return found


def _to_json(token):
    fields = _fields(token)
    rows = ['"' + name + '": ' + json.dumps(fields[name]) for name in _TOKEN_FIELDS if name in fields]
    return "{" + ", ".join(rows) + "}"


class _Check:
    """Gathers the faults of one file; made for one use. No value is in one: it may be a secret that stands in
    the wrong place."""

    def __init__(self, faults):
        self._faults = faults

    def _add(self, place, reason, remedy):
        self._faults.append(Fault(place, HIDDEN, reason, remedy))

    def keys(self, place, given, known):
        """Add a fault for each key of `given` that is not in `known`; a long one is not named."""
        for key in sorted(given):
            if key in known:
                continue
            near = fault.nearest(key, known) if len(key) <= _KEY_MAX else None
            remedy = "write " + fault.show(near) if near else "write one of " + ", ".join(known)
            named = key if len(key) <= _KEY_MAX else ""
            self._add(
                ".".join([part for part in (place, named) if part]) or "file", fault.UNKNOWN_KEY, remedy
            )

    def field(self, place, kind, limit, value):
        found = check(kind, limit, value)
        if found:
            self._add(place, found[0], found[1])

    def open_role(self, given):
        """Return the role that anyone has (one of ROLES), or None."""
        found = None
        for name in sorted(SENTENCES):
            if name not in given:
                continue
            sentence, role = SENTENCES[name]
            if found is not None:
                self._add(name, fault.NOT_BOTH, 'remove "open" or "open_view"')
            if given[name] != sentence:
                self._add(name, fault.NOT_THE_SENTENCE, "write " + fault.show(sentence) + ", or remove it")
            found = role
        return found

    def tokens(self, given):
        """Return the tokens (tuple of Token); of faulty ones what is good."""
        if type(given) is not list:
            self._add("tokens", fault.NOT_A_LIST, "write a list, [] for no tokens")
            return ()
        if len(given) > TOKENS_MAX:
            self._add("tokens", fault.TOO_MANY, "write at most %d; remove one that is not used" % TOKENS_MAX)
            return ()
        tokens = []
        for i in range(len(given)):
            place = "tokens[%d]" % i
            if type(given[i]) is dict:
                tokens.append(self._token(place, given[i], tokens))
            else:
                self._add(place, fault.WRONG_TYPE, "write an object, as camcors token add does")
        return tuple(tokens)

    def _token(self, place, given, before):
        self.keys(place, given, _TOKEN_FIELDS)
        name, role, digits = given.get("name"), given.get("role"), given.get("sha256")
        created_s = given.get("created_s")
        self._text(place, "name", given, _is_name(name), fault.BAD_TOKEN_NAME, _NAME_REMEDY)
        if _is_name(name) and lower(name) in [lower(token.name) for token in before if _is_name(token.name)]:
            self._add(place + ".name", fault.DUPLICATE, "write another name, or remove one of the two")
        if "role" in given:
            self.field(place + ".role", "choice", ROLES, role)
        else:
            self._add(place + ".role", fault.MISSING, "write one of " + ", ".join(ROLES))
        self._text(place, "sha256", given, _is_hash(digits), fault.BAD_HASH, _HASH_REMEDY)
        sha256 = binascii.unhexlify(digits) if _is_hash(digits) else None
        if sha256 and sha256 in [token.sha256 for token in before]:
            self._add(place + ".sha256", fault.DUPLICATE, "make a token of its own for each name")
        if "created_s" in given:
            self.field(place + ".created_s", "int", (0, CREATED_MAX), created_s)
        return Token(name, role, sha256, created_s)

    def _text(self, place, name, given, is_good, reason, remedy):
        if not is_good:
            self._add(place + "." + name, reason if name in given else fault.MISSING, remedy)


def _is_name(text):
    if type(text) is not str or not 0 < len(text) <= NAME_MAX or text.strip(_NAME):
        return False
    return text[0] in _ALNUM


def _is_hash(text):
    return type(text) is str and len(text) == _HASH_DIGITS and not text.strip(_HEX)


#: Without a token, and not open.
LOCKED = Access()
