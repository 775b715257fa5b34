"""Access files on this side of the cable: checked with the camera's own reader, located, changed."""

from __future__ import annotations

import binascii
import json
import time
from typing import Any, NamedTuple

from access import secret
from access.document import SENTENCES, Access
from access.roles import ADMIN, CONTROL, VIEW, Token
from strict.compat import lower
from strict.fault import AccessError

from ..ui import faults
from ..ui.errors import Failure, Status

PATH = "/access.json"
GOOD = "/access.good.json"  # the copy of what was in force
VALID = "a valid access file"
_REMEDY = (
    "nothing was changed; mpremote resume edit :access.json changes it, "
    "mpremote resume rm :access.json removes it with all tokens"
)

#: What who has a role may do, in words.
MAY = {
    VIEW: "look at the camera",
    CONTROL: "look at the camera and set it",
    ADMIN: "look at the camera, set it and see who has a token",
}


class Opened(NamedTuple):
    """What opens a camera: the line (from 1) of the access file, anyone's role, the sentence there."""

    line: int | None
    role: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.sentence}, by line {self.line or 1} of {PATH}"


def read(text: bytes | None, name: str = PATH, remedy: str = _REMEDY) -> Access:
    """Return what an access file called `name` says; none locks. Raises Failure with faults and lines."""
    found = faults_of(text)
    if found:
        raise faults.refusal(name, VALID, found, remedy)
    return Access() if text is None else Access.from_json(text)


def stands(text: bytes | None) -> Access:
    """Return what the camera's file says; of none, or a faulty one, that it is locked."""
    return Access() if faults_of(text) else read(text)


def faults_of(text: bytes | None) -> list[faults.Located]:
    """Return what is wrong with the camera's file, with the lines."""
    try:
        Access.from_json(text or b"{}")
    except AccessError as exc:
        return faults.locate(text or b"", exc.faults)
    return []


def opened(text: bytes | None, found: Access) -> Opened | None:
    """Return what opens the camera in its file `text`, which says `found`; None if it is locked."""
    for field, (sentence, role) in SENTENCES.items():
        if role == found.open_role:
            return Opened(faults.line_of(text or b"", field), role, sentence)
    return None


def token(found: Access, name: str) -> Token:
    """Return the token of a name. Raises Failure if there is none."""
    for each in found.tokens:
        if lower(each.name) == lower(name):
            return each
    known = ", ".join(each.name for each in found.tokens) or "none"
    raise Failure(f"there is no token {name}", f"those on the camera: {known}", Status.REFUSED)


def add(found: Access, name: str, role: str, remedy: str = "") -> tuple[Access, str]:
    """Return the Access that knows a new token as well, and the token.

    Raises Failure; remedy: of a name that there is.
    """
    for each in found.tokens:
        if lower(each.name) == lower(name):
            remedy = remedy or f"camcors token rotate {each.name} makes another for it"
            raise Failure(f"there is a token {each.name} already", remedy, Status.REFUSED)
    made = secret.make_token()
    digits = binascii.hexlify(secret.hash_of(made)).decode()
    try:
        return found.with_token(name, role, digits, int(time.time())), made
    except AccessError as exc:
        raise Failure(str(exc), "camcors token remove NAME", Status.REFUSED) from None


def said(token: Token) -> dict[str, Any]:
    """Return a token for `--json`, without its hash."""
    return {"name": token.name, "role": token.role, "created_s": token.created_s}


def whose(token: Token) -> str:
    """Return what is said of a token beside it, once, when it is made."""
    return f"that is the token of {token.name}, who may {MAY[token.role]}"


def write(found: Access, before: bytes | None) -> bytes:
    """Return the text of an access file that says `found`; the schema that `before` names stays."""
    text = found.to_json()
    schema: Any = None if before is None else json.loads(before.decode("utf-8-sig")).get("$schema")
    if schema is not None:
        text = "{\n" + f'  "$schema": {json.dumps(schema)},' + text[1:]
    return text.encode()
