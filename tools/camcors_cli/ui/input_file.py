"""Files of this side of the cable that commands read."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from .errors import Failure

FILE_MAX = 80 << 20  # bytes: more than any flash, or than a backup of it
TEXT_MAX = 1 << 20  # of a policy or of settings: a longer one is no text that anybody wrote


def read(path: Path, most: int = FILE_MAX) -> bytes:
    """Return the content of `path`. Raises Failure, FileNotFoundError."""
    try:
        with open(path, "rb") as opened:
            return read_open(opened, str(path), most)
    except FileNotFoundError:
        raise
    except OSError as exc:
        raise _unreadable(str(path), exc) from None


def read_open(opened: IO[bytes], name: str, most: int = TEXT_MAX) -> bytes:
    """Return what is left in an open file, or in standard input. Raises Failure."""
    try:
        data = opened.read(most + 1)
    except OSError as exc:
        raise _unreadable(name, exc) from None
    if len(data) > most:
        raise Failure(f"{name} has more than {most} bytes", "name another file")
    return data


def _unreadable(name: str, error: OSError) -> Failure:
    return Failure(f"cannot read {name}: {error.strerror}", "name another file")
