"""Tokens of a test camera, one for each role, and the access file that knows them."""

from __future__ import annotations

import binascii
import json

from access import roles, secret

TOKENS = {name: "camcors_%026d" % i for i, name in enumerate((*roles.ROLES, "wrong"))}


def access_file(*names: str, **fields: str) -> str:
    """Return an access file that knows the tokens of the roles `names`, and has `fields` beside them."""
    tokens = [
        {"name": name, "role": name, "sha256": binascii.hexlify(secret.hash_of(TOKENS[name])).decode()}
        for name in names
    ]
    return json.dumps({"version": 1, **fields, "tokens": tokens})


def bearer(name: str) -> dict[str, str]:
    """Return the header that shows the token of the role `name`."""
    return {"Authorization": "Bearer " + TOKENS[name]}
