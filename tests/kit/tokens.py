"""Tokens of a test camera, one for each role, and the access file that knows them."""

from __future__ import annotations

import binascii
import json

import httpx

from access import roles, secret
from tests.kit.camera import Camera
from tests.kit.pages import wait_until

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


def is_known(camera: Camera, name: str) -> bool:
    """Return whether the camera knows the token of the role `name`."""
    return httpx.get(camera.url + "/api/status", headers=bearer(name)).status_code == 200


def give(camera: Camera, text: str, name: str = "control", known: bool = True) -> None:
    """Write the access file, and wait until the token `name` is known, or is not."""
    camera.put("access.json", text)
    wait_until(lambda: is_known(camera, name) is known, every=1)
