"""What browsers do by where page and camera are: one table, to which browsers, scripts and commands are held.

reach.json has, for a page, a camera and the `targetAddressSpace` of the page's fetch(), what each family of
browsers does: "passes"; "asks" the person for the permission for local addresses; or refuses, as "mixed"
content, as "insecure" (a public page over http may not even ask), or as a "mismatch" of what the page says of
the address. Tests show the columns of Chromium and Firefox in the real programs. "other" is by documentation:
Mixed Content (W3C) and no such permission, as in WebKit.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

_TABLE = json.loads(Path(__file__).with_name("reach.json").read_text())

#: Where each host is: "public", "local" or "loopback".
SPACES: dict[str, str] = _TABLE["spaces"]
#: What a person reads of a verdict, whoever says it.
WORDS: dict[str, object] = _TABLE["words"]
_ADDRESSES = {"public": "93.184.215.14", "local": "192.168.4.1", "loopback": "127.0.0.1"}


class Row(NamedTuple):
    """One scenario. page, camera: origins without a port. target: the fetch option, "" for none."""

    page: str
    camera: str
    target: str
    chromium: str
    firefox: str
    other: str

    def verdict(self, browser: str) -> str:
        return str(getattr(self, browser))

    def words(self, browser: str) -> str:
        """Return what has to be said of the verdict; "" of what passes."""
        said = WORDS.get(self.verdict(browser), "")
        return str(said[browser][space_of(self.camera)]) if isinstance(said, dict) else str(said)


ROWS = [Row(*each) for each in _TABLE["rows"]]


def space_of(origin: str) -> str:
    return SPACES[urlsplit(origin).hostname or ""]


def resolve(host: str) -> list[str]:
    """Return the addresses of a name of the table."""
    return [_ADDRESSES[SPACES[host]]] if host in SPACES else []


def outcome(verdict: str, permission: str) -> str:
    """Return what becomes of a request: "read", "refused", or "waits" for the person's answer."""
    if verdict == "asks":
        return {"granted": "read", "denied": "refused", "prompt": "waits"}[permission]
    return "read" if verdict == "passes" else "refused"
