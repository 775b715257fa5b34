"""The camera's filesystem as an image: littlefs, with the parameters with which MicroPython mounts it."""

from __future__ import annotations

from typing import Any

from camcors_build.partitions import SECTOR_SIZE, Partition
from littlefs import LittleFS, LittleFSError

from ..ui.errors import Failure, Status

LABEL = "vfs"
_LFS_ERR_NOSPC = -28

# The defaults of vfs.VfsLfs2 (MicroPython, extmod/vfs_lfs.c and vfs_lfsx.c): the image is laid out as the
# camera itself would do it, with short files inline up to the size of the cache.
_PARAMETERS: dict[str, Any] = {
    "read_size": 32,
    "prog_size": 32,
    "lookahead_size": 32,
    "cache_size": 128,
    "block_cycles": 100,
}


def find(table: list[Partition]) -> Partition:
    """Return the partition of the filesystem. Raises Failure if the table has none."""
    for part in table:
        if part.name == LABEL and part.type == "data":
            return part
    raise Failure(f"the partition table has no {LABEL}", "take the firmware of a board of camcors")


def make(size: int, files: dict[str, bytes]) -> bytes:
    """Return the image, `size` bytes, of a filesystem that holds `files` by path.

    Raises Failure with the numbers if they do not fit.
    """
    fs = _over(bytearray(b"\xff" * size))
    fs.format()
    fs.mount()
    try:
        for path, content in files.items():
            fs.makedirs(path.rpartition("/")[0] or "/", exist_ok=True)
            with fs.open(path, "wb") as opened:
                opened.write(content)
    except LittleFSError as exc:
        if exc.code != _LFS_ERR_NOSPC:
            raise
        total = sum(map(len, files.values()))
        raise Failure(
            f"{total} bytes in {len(files)} files do not fit in the filesystem of {size} bytes",
            "leave files out, or shorten them",
            Status.REFUSED,
        ) from None
    fs.unmount()
    return bytes(fs.context.buffer)


def read(image: bytes, name: str) -> dict[str, bytes]:
    """Return the files by path in the filesystem `image` of the file `name`; none in a blank one.

    Raises Failure if there is none, or it cannot be read.
    """
    if is_blank(image):
        return {}
    fs = _over(bytearray(image))
    try:
        fs.mount()
        found = {}
        for folder, _, names in fs.walk("/"):
            for path in (f"{folder.rstrip('/')}/{each}" for each in names):
                with fs.open(path, "rb") as opened:
                    found[path] = bytes(opened.read())
        return found
    except LittleFSError as exc:
        raise Failure(f"the filesystem in {name} cannot be read ({exc})", "nothing was changed") from None


def _over(flash: bytearray) -> LittleFS:
    """Return the filesystem whose blocks are `flash`, not mounted: littlefs-python's own buffer is filled
    with zeros, and erased flash is 0xFF."""
    fs = LittleFS(block_size=SECTOR_SIZE, block_count=len(flash) // SECTOR_SIZE, mount=False, **_PARAMETERS)
    fs.context.buffer = flash
    return fs


def is_blank(image: bytes) -> bool:
    """Return whether both superblock blocks are erased: what the camera itself formats
    (firmware/filesystem.py)."""
    return not image[: 2 * SECTOR_SIZE].strip(b"\xff")
