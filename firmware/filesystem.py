"""The flash filesystem: littlefs in the partition `vfs`, mounted at `/`."""

import vfs
from esp32 import Partition

_LABEL = "vfs"

#: What is wrong with the flash, in words for a person, or None. A fault never stops the camera.
fault = None

#: True when this boot made the filesystem: there is nothing of the person's on it yet.
is_new = False


def mount():
    """Mounts the partition; makes the filesystem in a blank one, and leaves any other content alone.

    What cannot be mounted is never formatted: it may hold the person's files.
    Sets `fault` and `is_new`; raises nothing.
    """
    global fault
    found = Partition.find(Partition.TYPE_DATA, label=_LABEL)
    if not found:
        fault = fault or "the flash has no partition named vfs"
    else:
        try:
            _mount(found[0])
        except OSError as exc:
            fault = "no littlefs filesystem in the partition vfs (" + str(exc) + "); it was not touched"


def _mount(partition):
    global is_new
    if _is_blank(partition):
        vfs.VfsLfs2.mkfs(partition)
        is_new = True
    vfs.mount(vfs.VfsLfs2(partition), "/")


def _is_blank(partition):
    """True if both superblock blocks of littlefs are erased, as they come from the factory."""
    block = bytearray(partition.ioctl(5, 0))  # 5: block size in bytes, as vfs.AbstractBlockDev has it
    erased = b"\xff" * len(block)
    for number in (0, 1):
        partition.readblocks(number, block)
        if block != erased:
            return False
    return True
