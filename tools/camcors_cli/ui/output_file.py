"""Files that commands write on this side of the cable."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import Failure


def check(path: Path, force: bool) -> None:
    """Raises Failure if `path` is there and must not be overwritten: before the work, not after it."""
    if path.exists() and not force:
        raise Failure(f"{path} exists", "choose another name, or add --force")


def write(path: Path, data: bytes, force: bool, is_secret: bool = False) -> None:
    """Write the file `path`; one that `is_secret` for its owner's eyes only. Raises Failure."""
    try:
        with open(path, "wb" if force else "xb", opener=_open_private if is_secret else None) as opened:
            if is_secret:
                path.chmod(0o600)  # the file that is overwritten may have been open to all
            opened.write(data)
    except FileExistsError:
        raise Failure(f"{path} exists", "choose another name, or add --force") from None
    except OSError as exc:
        raise Failure(f"cannot write {path}: {exc.strerror}", "choose another name") from None


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
