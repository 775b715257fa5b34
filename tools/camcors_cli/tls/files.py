"""Where a camera has its certificate, and the key to it, which is a secret."""

from __future__ import annotations

from collections.abc import Iterable

from ..device.files import TEMPORARY

FOLDER = "/tls"
CERTIFICATE = f"{FOLDER}/cert.der"
KEY = f"{FOLDER}/key.der"


def is_of_pair(path: str) -> bool:
    """Return whether a file is the certificate or the key, or what a cut has left of one."""
    return path.removesuffix(TEMPORARY) in (CERTIFICATE, KEY)


def in_order(paths: Iterable[str]) -> list[str]:
    """Return paths as they are to be written: the certificate after its key, and both last."""
    return sorted(paths, key=lambda path: (path == KEY) + 2 * (path == CERTIFICATE))
