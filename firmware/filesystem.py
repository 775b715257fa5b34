"""The flash filesystem: littlefs in the partition `vfs`, mounted at `/`."""

import vfs
from esp32 import Partition

_LABEL = "vfs"
_SUPERBLOCKS = 2  # the first blocks of littlefs (its SPEC.md, "The superblock")
_BLOCK_COUNT = 4  # what ioctl is asked for, as vfs.AbstractBlockDev has it
_BLOCK_SIZE = 5  # in bytes
_LOST = (
    "the partition vfs had lost its filesystem, and a new one was made: all files of before are gone, the "
    "policy, the tokens and /camera.json too; restore a backup, or set them again"
)

#: What is wrong with the flash, in words for a person, or None. A fault never stops the camera.
fault = None

#: True when this boot made the filesystem: there is nothing of the person's on it yet.
is_new = False


def mount():
    """Mount the partition; make the filesystem in a blank one, and leave any other content alone.

    What cannot be mounted is never formatted: it may hold the person's files. But where only the two blocks
    are blank in which littlefs begins, nothing leads to its files any more: that is formatted, and a fault.
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
    global fault, is_new
    if _are_blank(partition, 0, _SUPERBLOCKS):
        # From here on nothing tells it from a new one: a policy of ours must not stand in for the person's.
        is_new = _are_blank(partition, _SUPERBLOCKS, partition.ioctl(_BLOCK_COUNT, 0))
        vfs.VfsLfs2.mkfs(partition)
        if not is_new:
            fault = _LOST
    vfs.mount(vfs.VfsLfs2(partition), "/")


def _are_blank(partition, start, end):
    """Return whether the blocks from `start` to before `end` are erased, as they come from the factory."""
    block = bytearray(partition.ioctl(_BLOCK_SIZE, 0))
    erased = b"\xff" * len(block)
    for number in range(start, end):
        partition.readblocks(number, block)
        if block != erased:
            return False
    return True
