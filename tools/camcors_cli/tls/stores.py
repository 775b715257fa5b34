"""The stores of NSS: which browsers of this person have an authority among those that they trust.

Firefox has one for each profile, Chromium on Linux one for each person. They are databases of SQLite, named
cert9.db; a column is an attribute of PKCS #11 by its number in hexadecimal (NSS, lib/softoken/sdb.c).
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_FILE = "cert9.db"
_CHROMIUM = (".pki/nssdb", ".local/share/pki/nssdb")  # it takes the first that there is (seen in 156)
_SNAP = "snap/chromium/current/.pki/nssdb"
_FIREFOX = {
    "darwin": ("~/Library/Application Support/Firefox/Profiles",),
    "win32": ("$APPDATA/Mozilla/Firefox/Profiles",),
    "linux": (
        "~/.mozilla/firefox",
        "~/.config/mozilla/firefox",
        "~/snap/firefox/common/.mozilla/firefox",
        "~/.var/app/org.mozilla.firefox/.mozilla/firefox",
    ),
}
# CKA_VALUE of a certificate, its CKA_ISSUER and its CKA_SERIAL_NUMBER, which its record of trust has too.
_FIND = "SELECT a81, a82 FROM nssPublic WHERE a11 = ?"
_TRUST = "SELECT 1 FROM nssPublic WHERE a81 = ? AND a82 = ? AND {} = ?"
# What such a record says of servers: CKA_TRUST_SERVER_AUTH and CKT_NSS_TRUSTED_DELEGATOR (NSS,
# lib/util/pkcs11n.h); in newer Firefox, seen in 153, CKA_PKCS_TRUST_SERVER_AUTH and CKT_TRUST_ANCHOR.
_TRUSTED = {"ace536358": bytes.fromhex("ce534352"), "a62c": bytes.fromhex("00000002")}


class Store(NamedTuple):
    """trusts: None if it cannot be read."""

    browser: str
    folder: Path
    trusts: bool | None


def find(certificate: bytes) -> list[Store]:
    """Return the stores of this person, and whether each trusts the authority `certificate` (DER)."""
    found = [Store("Chromium", folder, trusts(folder, certificate)) for folder in _chromium()]
    return found + [Store("Firefox", folder, trusts(folder, certificate)) for folder in _firefox()]


def trusts(folder: Path, certificate: bytes) -> bool | None:
    """Return whether the store in `folder` trusts an authority for sites; None if it cannot be read."""
    # Not "immutable", which would miss what a running browser has written to its journal.
    try:
        with sqlite3.connect(f"{(folder / _FILE).as_uri()}?mode=ro", uri=True) as store:
            return _has(store, certificate)
    except sqlite3.Error:
        return None


def _has(store: sqlite3.Connection, certificate: bytes) -> bool:
    columns = {row[1] for row in store.execute("PRAGMA table_info(nssPublic)")}
    for row in store.execute(_FIND, (certificate,)).fetchall():
        for column in columns & _TRUSTED.keys():
            if store.execute(_TRUST.format(column), (*row, _TRUSTED[column])).fetchone():
                return True
    return False


def chromium() -> tuple[Path, bool]:
    """Return the store of Chromium on Linux, and whether it is there."""
    for each in _with_store([Path.home() / each for each in _CHROMIUM]):
        return each, True
    return Path.home() / _CHROMIUM[0], False  # releases of before know no other


def _chromium() -> Iterator[Path]:
    if sys.platform == "linux":
        folder, is_there = chromium()
        yield from _with_store([*[folder] * is_there, Path.home() / _SNAP])


def _firefox() -> Iterator[Path]:
    for each in _FIREFOX.get(sys.platform, ()):
        profiles = Path(os.path.expandvars(each)).expanduser()
        if profiles.is_dir():
            yield from _with_store(sorted(profiles.iterdir()))


def _with_store(folders: list[Path]) -> Iterator[Path]:
    return (folder for folder in folders if (folder / _FILE).is_file())
