"""A backup: a zip of a board's files, with a manifest that has the hash of each."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..device import answers
from ..device.answers import FILE_BYTES_MAX, FILES_MAX
from ..device.files import digest, parents
from ..ui import input_file
from ..ui.errors import Failure, Status

_MANIFEST = "manifest.json"
_FORMAT = "camcors-backup-1"
_FOLDER = "files"
_LEFT_OUT = "left_out"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1  # of a member's flags (APPNOTE.TXT, section 4.4.4)

# What zipfile raises of a file that is none, or that was damaged; RuntimeError covers RecursionError.
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, EOFError, KeyError, OverflowError)


class Archive(NamedTuple):
    """facts: what the board said of itself, JSON values. files: content by path; folders: each after that it
    is in. left_out: files that stayed on the board only. Paths are absolute."""

    facts: dict[str, Any]
    files: dict[str, bytes]
    folders: list[str]
    left_out: Sequence[str] = ()


def pack(archive: Archive) -> bytes:
    """Return the zip."""
    files = {name: {"size": len(data), "sha256": digest(data)} for name, data in archive.files.items()}
    manifest = {"format": _FORMAT, **archive.facts, "folders": archive.folders}
    manifest |= {_LEFT_OUT: list(archive.left_out), "files": files}
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
    """Return the backup in a file, each byte of it checked. Raises Failure."""
    data = input_file.read(path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            _check_members(packed.infolist())
            return _unpack(packed)
    except (ValueError, *_DAMAGED) as exc:
        reason = (
            str(exc) if isinstance(exc, ValueError | zipfile.BadZipFile) else "it is not complete, or damaged"
        )
        remedy = "take a file that camcors backup wrote; nothing was changed on the board"
        raise Failure(f"{path} is not a camcors backup: {reason}", remedy, Status.REFUSED) from None


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    """Raises ValueError of what camcors backup does not write, before anything is unpacked."""
    if len(members) > FILES_MAX + 1:
        raise ValueError(f"it has more than {FILES_MAX} files")
    if sum(each.file_size for each in members) > FILE_BYTES_MAX:
        raise ValueError(f"it unpacks to more than {FILE_BYTES_MAX} bytes")
    if len({each.filename for each in members}) < len(members):
        raise ValueError("it has two files of one name")
    for each in members:
        if each.flag_bits & _ENCRYPTED or each.compress_type not in _METHODS:
            raise ValueError(f"{each.filename} is encrypted, or compressed by another method than deflate")
        if stat.S_ISLNK(each.external_attr >> 16) or each.filename.endswith("/"):
            raise ValueError(f"{each.filename} is a link or a folder")


def _unpack(packed: zipfile.ZipFile) -> Archive:
    manifest = answers.loads(packed.read(_MANIFEST))
    if not isinstance(manifest, dict) or manifest.pop("format", None) != _FORMAT:
        raise ValueError("it has another format")
    listed, folders = manifest.pop("files", None), manifest.pop("folders", None)
    left_out = manifest.pop(_LEFT_OUT, [])  # older backups do not have it
    if not (isinstance(listed, dict) and isinstance(folders, list) and isinstance(left_out, list)):
        raise ValueError("its manifest is damaged")
    _check_paths([*listed, *left_out], folders)
    unknown = set(packed.namelist()) - {_MANIFEST, *(_FOLDER + name for name in listed)}
    if unknown:
        raise ValueError(f"the manifest does not list {min(unknown)}")
    files = {name: packed.read(_FOLDER + name) for name in listed}
    for name, data in files.items():
        if listed[name] != {"size": len(data), "sha256": digest(data)}:
            raise ValueError(f"{name} is not what the manifest says")
    return Archive(manifest, files, folders, left_out)


def _check_paths(files: list[str], folders: list[Any]) -> None:
    for name in [*files, *folders]:
        try:
            answers.check_path(answers.text(name))
        except answers.Odd as exc:
            raise ValueError(f"{name!r}: {exc}") from None
    both = set(files) & {*folders, *parents(files)}
    if both:
        raise ValueError(f"{min(both)} is a file and a folder")
