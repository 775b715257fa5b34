"""The stable name of the emulator's REPL: a symbolic link to its pseudo-terminal.

The same rules as firmware/camcors_host/repl_link.c, for the same reasons: PATH.lock is locked as long as the
emulator runs and holds the link's target; both are in a folder to which nobody else can write.
"""

from __future__ import annotations

import fcntl
import grp
import os
import pwd
import stat
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from .source import BuildError

if TYPE_CHECKING:
    from typing_extensions import Self

_OTHER = "choose another with --repl"
_LOCK_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_TRIES = 10


def _is_private_group(gid: int) -> bool:
    """Many systems give each person a group of their own, and new folders its write permission."""
    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    return user.pw_gid == gid and user.pw_name == group.gr_name and not group.gr_mem


def _is_safe(folder: Path, is_last: bool) -> bool:
    """Return whether only this user, and root, can change what `folder` contains.

    The sticky bit will do above.
    """
    found = folder.lstat()
    if found.st_uid not in (0, os.geteuid()):
        return False
    by_group = found.st_mode & stat.S_IWGRP and not _is_private_group(found.st_gid)
    is_open = by_group or found.st_mode & stat.S_IWOTH
    return not is_open or (not is_last and bool(found.st_mode & stat.S_ISVTX))


class ReplLink:
    """Owns the name `path` while it is used as a context manager; `point` makes the link."""

    def __init__(self, path: Path):
        """Raises BuildError if the name is another emulator's, or not one to be trusted."""
        self.path = path
        try:
            folder = path.parent.resolve(strict=True)
            if not all(_is_safe(each, each == folder) for each in (folder, *folder.parents)):
                raise BuildError(
                    f"others can write to the folder {path.parent}, or to one above it, and could put their "
                    f"REPL in the place of yours; chmod go-w it, or {_OTHER}"
                )
            self._link, self._lock = folder / path.name, folder / f"{path.name}.lock"
            self._fd = self._take_lock()
        except OSError as exc:
            raise BuildError(f"cannot make the REPL {path} ({exc.strerror}); {_OTHER}") from None
        self._remove_stale()

    def _take_lock(self) -> int:
        for _ in range(_TRIES):
            try:
                fd = os.open(self._lock, _LOCK_FLAGS, 0o600)
            except OSError:
                if os.path.lexists(self._lock):
                    raise self._foreign() from None
                raise
            mine = os.fstat(fd)
            if not stat.S_ISREG(mine.st_mode) or mine.st_uid != os.geteuid():
                os.close(fd)
                raise self._foreign()
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._lock.lstat().st_ino == mine.st_ino:
                    return fd
            except BlockingIOError:
                os.close(fd)
                raise BuildError(f"{self.path} is the REPL of another running camera; {_OTHER}") from None
            except FileNotFoundError:  # the one before has just removed it
                pass
            os.close(fd)
        raise BuildError(f"{self.path} is the REPL of another running camera; {_OTHER}")

    def _foreign(self) -> BuildError:
        return BuildError(
            f"{self.path} (or {self.path}.lock) is there and is not what a camera has left; move it away, "
            f"or {_OTHER}"
        )

    def _remove_stale(self) -> None:
        """Remove the link that a dead emulator has left. Anything else in its place stays."""
        recorded = os.pread(self._fd, 100, 0).decode(errors="replace")
        if self._is_link_to(recorded):
            self._link.unlink()
        elif os.path.lexists(self._link):
            self._lock.unlink()
            raise self._foreign()

    def _is_link_to(self, target: str) -> bool:
        return bool(target) and self._link.is_symlink() and str(self._link.readlink()) == target

    def point(self, target: str) -> None:
        """Make the link, after the record: whatever ends the program here, no link is without one."""
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, target.encode(), 0)
        self._link.symlink_to(target)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_link_to(os.pread(self._fd, 100, 0).decode(errors="replace")):
            self._link.unlink()
        self._lock.unlink(missing_ok=True)
        os.close(self._fd)
