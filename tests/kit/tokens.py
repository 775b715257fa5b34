"""Tokens of a test camera, one for each role, and the access file that knows them."""

from __future__ import annotations

import binascii
import json

from access import roles, secret
from access.document import Access
from tests.kit.camera import Camera
from tests.kit.pages import wait_until

TOKENS = {name: "camcors_%026d" % i for i, name in enumerate((*roles.ROLES, "wrong"))}
_IN_FORCE = "from camcors.start import state\nprint(state.lock and state.lock.access.digest)"


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


def give(camera: Camera, text: str) -> None:
    """Write the access file, and wait until it is in force."""
    digest = Access.from_json(text).digest
    camera.put("access.json", text)
    wait_until(lambda: camera.exec(_IN_FORCE) == f"{digest}\n")
