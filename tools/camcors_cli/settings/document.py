"""Settings files on this side of the cable: checked with the camera's own reader, and given a network.

`camera` is what the board's camera can be set to, as of camcors_build.drivers; None if nobody knows it.
"""

from __future__ import annotations

import json
from typing import Any

from camcors_build.drivers import Fields

from settings import document
from strict import json as strict_json

from ..ui import faults

PATH = "/camera.json"
VALID = "a valid settings file"
_NETWORK = "wifi"


def check(
    text: bytes, name: str, camera: Fields | None, remedy: str = "", gets_network: bool = False
) -> None:
    """Raise Failure with all faults and lines of the file `name`, whose content is `text`.

    gets_network: another takes the place of the network in it, so it does not matter what is wrong with that.
    """
    _, found = document.read(text, camera)
    if gets_network:
        found = [each for each in found if each.field.partition(".")[0] != _NETWORK]
    if found:
        raise faults.refusal(name, VALID, faults.locate(text, found), remedy)


def with_network(
    text: bytes, name: str, camera: Fields | None, network: dict[str, str], remedy: str = ""
) -> bytes:
    """Return the file `text` with another network. Raise Failure with all that is wrong with the rest."""
    check(text, name, camera, remedy, gets_network=True)
    given: Any = strict_json.read(text)[0]
    made = json.dumps({**given, _NETWORK: network}, indent=2, ensure_ascii=False) + "\n"
    data = made.encode(errors="surrogatepass")  # refused then, with its place
    check(data, PATH, camera, remedy)  # it may have become too long
    return data


def network(text: bytes, name: str, remedy: str = "") -> dict[str, str] | None:
    """Return ssid and password as they stand in the file, None if there is no valid network in it.

    Raise Failure if the file is not an object.
    """
    found, wrong = document.read(text, None)
    if found is None:
        raise faults.refusal(name, VALID, faults.locate(text, wrong), remedy)
    chosen: dict[str, str] | None = found[_NETWORK]
    return chosen


def holds_password(text: bytes | None) -> bool:
    """Return whether a text of /camera.json holds the password of a network; a faulty one may."""
    try:
        value: Any = json.loads(text or b"{}")
        return bool(value.get(_NETWORK, {}).get("password"))
    except (ValueError, AttributeError, RecursionError):
        return True
