"""A backup: a zip of a board's files, with a manifest that has the hash of each."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

from .errors import Failure, Status
from .files import digest

_MANIFEST = "manifest.json"
_FORMAT = "camcors-backup-1"
_FOLDER = "files"
_SIZE_MAX = 64 << 20  # more than any board's flash: a zip of little that unpacks to much ends here


class Archive(NamedTuple):
    """facts: what the board said of itself, JSON values. files: content by path; folders: each after that it
    is in. Paths are absolute."""

    facts: dict[str, Any]
    files: dict[str, bytes]
    folders: list[str]


def pack(archive: Archive) -> bytes:
    """The zip."""
    files = {name: {"size": len(data), "sha256": digest(data)} for name, data in archive.files.items()}
    manifest = {"format": _FORMAT, **archive.facts, "folders": archive.folders, "files": files}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(_entry(_MANIFEST), json.dumps(manifest, indent=2) + "\n")
        for name, data in archive.files.items():
            packed.writestr(_entry(_FOLDER + name), data)
    return made.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)  # of 1980: a camera has no clock, so its files have no time
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def unpack(path: Path) -> Archive:
    """The backup in a file, each byte of it checked. Raises Failure."""
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(each.file_size for each in packed.infolist()) > _SIZE_MAX:
                raise ValueError(f"it unpacks to more than {_SIZE_MAX} bytes")
            return _unpack(packed)
    except OSError as exc:
        raise Failure(f"cannot read {path}: {exc.strerror}", "name another file") from None
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, EOFError) as exc:
        reason = exc.args[0] if isinstance(exc, ValueError | zipfile.BadZipFile) else "it is not complete"
        remedy = "take a file that camcors backup wrote; nothing was changed on the board"
        raise Failure(f"{path} is no backup of camcors: {reason}", remedy, Status.REFUSED) from None


def _unpack(packed: zipfile.ZipFile) -> Archive:
    manifest = json.loads(packed.read(_MANIFEST))
    if manifest.pop("format") != _FORMAT:
        raise ValueError("it has another format")
    listed, folders = manifest.pop("files"), manifest.pop("folders")
    if not isinstance(listed, dict) or not isinstance(folders, list):
        raise ValueError("its manifest is damaged")
    for name in [*listed, *folders]:
        _check_path(name)
    files = {name: packed.read(_FOLDER + name) for name in listed}
    for name, data in files.items():
        if listed[name] != {"size": len(data), "sha256": digest(data)}:
            raise ValueError(f"{name} is not what the manifest says")
    return Archive(manifest, files, folders)


def _check_path(name: str) -> None:
    parts = name.split("/")
    if (
        parts[0]
        or len(parts) < 2
        or any(part in ("", ".", "..") for part in parts[1:])
        or not name.isprintable()
    ):
        raise ValueError(f"{name!r} is no path of a file")
