"""What /access.json says: the tokens that the camera knows, or that it is open.

    {"version": 1, "tokens": [{"name": "kitchen", "role": "view", "sha256": "...", "created_s": 1790000000}]}

Without tokens the camera is locked. Two sentences open it, each to be written to the letter, so that nobody
opens it by a word:

    {"open": "anyone in this network may watch and control"}
    {"open_view": "anyone in this network may watch"}

Tokens may stand beside either, for those who do more. `version` may be left out.

On a camera this module is there only while a file is read or made, see strict/late.py. What it keeps of one
is a lock.InForce.
"""

import binascii
import json

from strict import document
from strict.compat import lower
from strict.fault import AccessError

from .check import EXAMPLE, FILE_MAX, SENTENCES, Check
from .lock import InForce
from .roles import TOKEN_FIELDS


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
        given, faults = document.read(text, FILE_MAX, EXAMPLE)
        if given is None:
            raise AccessError(faults)
        given.pop("$schema", None)
        access = cls()
        access._set(given, faults)
        return access

    def _set(self, given, faults):
        self.tokens, self.open_role = Check(faults).read(given)
        if faults:
            raise AccessError(faults)
        self.digest = document.digest((self.to_json(),))

    def in_force(self):
        """Return what a camera keeps of it (lock.InForce)."""
        return InForce(self.tokens, self.open_role, self.digest)

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
        return to_json(self)


def to_json(access):
    """Return an Access or a lock.InForce as JSON text (str), as Access.to_json does."""
    rows = ['  "version": 1']
    for name in sorted(SENTENCES):
        sentence, role = SENTENCES[name]
        if role == access.open_role:
            rows.append('  "' + name + '": ' + json.dumps(sentence))
    tokens = ["    " + _to_json(token) for token in access.tokens]
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
    rows = ['"' + name + '": ' + json.dumps(fields[name]) for name in TOKEN_FIELDS if name in fields]
    return "{" + ", ".join(rows) + "}"
