"""`camcors migrate`: a flash image of an earlier version, in this version's layout."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import click
from camcors_build import partitions
from camcors_build.partitions import Partition

from ..image import boards
from ..ui import input_file, output_file
from ..ui.errors import Failure, Status
from ..ui.options import json_option
from ..ui.output import Output

_FLASH = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("flash", type=_FLASH)
@json_option
def migrate(flash: Path, as_json: bool) -> None:
    """Bring a flash image of the camera on your desk up to date.

    It gets this version's layout. FLASH is the file of --flash, such as build/HOST/flash.bin. All files
    in it stay; the image of before is kept beside it, as FLASH.before. End the camera first.
    """
    # Its parser takes a quarter of a second to import, for which no other command should wait.
    from ..image import filesystem

    out = Output(as_json)
    if flash.is_symlink():
        flash = flash.resolve()  # the link stays, and what it leads to is replaced
    board = boards.read("HOST")
    before = flash.with_name(flash.name + ".before")
    with _locked(flash):
        data = input_file.read(flash)
        old = _table(data, flash, board.flash_size)
        if old == board.table:
            out.result({"file": str(flash), "files": None, "before": None})
            return out.say(f"{flash} has this version's layout already")
        if before.exists() and before.samefile(flash):
            before.unlink()  # of an attempt that was cut off
        if before.exists():
            raise Failure(f"{before} exists, an image of before", "move it away", Status.REFUSED)
        part, vfs = filesystem.find(old), filesystem.find(board.table)
        files = filesystem.read(data[part.offset : part.end], str(flash))
        made = filesystem.make(vfs.size, files)
        if filesystem.read(made, str(flash)) != files:
            raise Failure("the new filesystem does not hold the same files", "nothing was changed")
        _replace(flash, board.flash(vfs.offset, made), before)
    out.result({"file": str(flash), "files": sorted(files), "before": str(before)})
    out.say(f"{flash} has this version's layout, and its {len(files)} files; {before} is the image of before")
    return None


@contextlib.contextmanager
def _locked(flash: Path) -> Iterator[None]:
    """Keep the camera away, which locks the image while it runs. Raises Failure."""
    # Windows has none, nor a camera on the desk; all other commands work there.
    import fcntl

    with open(flash, "rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(f"{flash} is the flash of a running camera", "end it first") from None
        yield


def _table(data: bytes, path: Path, flash_size: int) -> list[Partition]:
    try:
        if len(data) != flash_size:
            raise ValueError(f"it has {len(data)} bytes, not {flash_size}")
        return partitions.decode(data[partitions.TABLE_OFFSET :][: partitions.TABLE_SIZE])
    except ValueError as exc:
        raise Failure(
            f"{path} is not a flash image: {exc}", "name the file of --flash", Status.REFUSED
        ) from None


def _replace(flash: Path, image: bytes, before: Path) -> None:
    """Put `image` in the place of `flash`, which stays as `before`; whole, whenever the power goes."""
    new = flash.with_name(flash.name + ".new")
    new.unlink(missing_ok=True)  # of an attempt that was cut off
    output_file.write(new, image, force=False, is_secret=True)
    descriptor = os.open(new, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    try:
        os.link(flash, before)
    except OSError as exc:
        new.unlink()
        raise Failure(
            f"cannot keep {flash} as {before}: {exc.strerror}", "copy it to another disk first"
        ) from None
    new.replace(flash)
