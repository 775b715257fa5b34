"""The filesystem of a board, file by file over its REPL; any MicroPython will do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..ui.errors import Failure, Status
from . import answers, calls
from .board import Board
from .calls import CHUNK, Call

_GROUP = 4096  # bytes of small files in one exchange
_BESIDE = 200  # bytes that each file takes there besides: its hash, and twice its name
TEMPORARY = ".new"  # as flash.files has it: the camera removes one of its own files at its start


class Tree(NamedTuple):
    """Paths from the root: files with their sizes in bytes, and folders, each after that it is in."""

    files: dict[str, int]
    folders: list[str]


class Room(NamedTuple):
    """Of the filesystem, in bytes; block is what the smallest file takes."""

    block: int
    free: int


def digest(data: bytes) -> str:
    """Return the SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


#: The listing of a board's filesystem, which `tree_of` takes.
ENTRIES = Call(answers.optional(answers.entries), "entries")


def digest_of(path: str) -> Call:
    """Return the call that gives the SHA-256 of a file in hexadecimal, None if there is none."""
    return Call(answers.optional(answers.digest), "digest", path)


def tree(board: Board) -> Tree:
    """Return all that is in the board's filesystem. Raises Failure, also if it has none."""
    (found,) = board.ask_all(ENTRIES, what="listing its files")
    return tree_of(found)


def tree_of(found: list[tuple[str, int | None]] | None) -> Tree:
    """Return what was answered to ENTRIES. Raises Failure."""
    if found is None:
        raise Failure("the board has no filesystem", "camcors info tells what is wrong with its flash")
    for name, _ in found:
        try:
            answers.check_path(name)
        except answers.Odd as exc:
            raise Failure(f"the board has {name!r}: {exc}", "rename it on the board, or remove it") from None
    files = {name: size for name, size in found if size is not None}
    return Tree(files, [name for name, size in found if size is None])


def room(board: Board) -> Room:
    """Return how much room the filesystem has."""
    block, blocks = board.ask(answers.blocks, "room", what="asking for its room")
    return Room(block, block * blocks)


def has(board: Board, before: Tree, path: str, data: bytes) -> bool:
    """Return whether the file is there with this content; `before` is what there is."""
    return before.files.get(path) == len(data) and hash_of(board, path) == digest(data)


def hash_of(board: Board, path: str) -> str | None:
    """Return the SHA-256 of a file on the board in hexadecimal, None if there is none."""
    return _digest(board, path, f"checking {path}")


def _digest(board: Board, path: str, what: str) -> str | None:
    found: str | None
    (found,) = board.ask_all(digest_of(path), what=what)
    return found


def read(board: Board, sizes: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
    """Read the files that have these sizes -> each path with the content, checked by its hash.

    Small ones come together. Raises Failure.
    """
    for paths in _groups(sizes):
        what = f"reading {paths[0]}" if len(paths) == 1 else "reading its files"
        asked = [call for path in paths for call in (calls.begin(path), digest_of(path))]
        found = board.ask_all(*asked, what=what)
        for path, begun, wanted in zip(paths, found[::2], found[1::2], strict=True):
            data = board.read_on(path, begun)
            if data is None or wanted != digest(data):
                raise Failure(f"{path} changed while it was read", "try again")
            yield path, data


def _groups(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Part the paths, in their order: as many as fit into one exchange, a longer file by itself."""
    group: list[str] = []
    left = _GROUP
    for path, size in sizes.items():
        taken = size + len(path) + _BESIDE
        if group and taken > left:
            yield group
            group, left = [], _GROUP
        group.append(path)
        left -= taken
    if group:
        yield group


def make_folders(board: Board, folders: Sequence[str]) -> None:
    """Make those of the folders that are not there, each after that it is in."""
    for folder in folders:
        board.do("make_folder", folder, what=f"making {folder}")


def write(board: Board, path: str, data: bytes) -> None:
    """Write a file, whole or not at all: a temporary one beside it, checked by its hash, gets its name.

    Raises Failure; then the old file stays.
    """
    what, temporary = f"writing {path}", path + TEMPORARY
    try:
        for start in range(0, len(data) or 1, CHUNK):
            board.do("append", temporary, data[start : start + CHUNK], start == 0, what=what)
        board.do("close", what=what)
        if _digest(board, temporary, what) != digest(data):
            raise Failure(f"{temporary}: verification failed", "try again")
    except Failure as failure:
        if failure.exit_code != Status.UNREACHABLE:
            board.do("forget", temporary)
        if "ENOSPC" in failure.message or "Errno 28" in failure.message:
            raise Failure(f"there is no room for {path}, {len(data)} bytes", "remove a file") from None
        raise
    rename(board, temporary, path)


def rename(board: Board, old: str, new: str) -> None:
    """Rename a file; one of the new name is replaced."""
    board.do("rename", old, new, what=f"renaming {old}")


def remove(board: Board, path: str) -> None:
    """Remove a file, or a folder that is empty."""
    board.do("remove", path, what=f"removing {path}")


def parents(paths: Sequence[str]) -> list[str]:
    """Return the folders in which `paths` are, each after that it is in."""
    found = {path[:at] for path in paths for at, char in enumerate(path) if char == "/" and at}
    return sorted(found)
