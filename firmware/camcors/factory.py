"""Erasing all that is the person's, so that the board is as a new image left it.

The command asks for it over the REPL, in steps: `let_go`, then `erase` of the partitions, then a reset. Whole
blocks go, not files: what was removed is nowhere in the flash. Power may fail at any moment: the filesystem
goes from its first block on, without which there is none (littlefs's SPEC.md, "The superblock"), so that the
next start makes a new one, and never finds the half of an old one.
"""

import machine
import vfs
from esp32 import Partition

from strict.compat import const

_REST_MS = const(86400000)  # as camcors.watchdog has it: longer than the flash takes
_BLOCK_COUNT = const(4)  # what ioctl is asked for, as vfs.AbstractBlockDev has it
_BLOCK_SIZE = const(5)
_ERASE = const(6)
_EIO = const(5)


def let_go(stop):
    """Take the flash out of use: end the server, by `stop()`, switch the radio off and unmount the files.

    Only a reset brings them back. It may be called again, after a line that was lost.
    """
    stop()
    try:
        machine.WDT(timeout=_REST_MS)  # nobody feeds it from here on
    except OSError:
        pass  # none runs
    _switch_radio_off()
    try:
        vfs.umount("/")
    except OSError:
        pass  # unmounted before


def _switch_radio_off():
    """What it remembers is in the partition nvs, which it writes while it is on."""
    try:
        from network import WLAN

        for interface in (WLAN.IF_STA, WLAN.IF_AP):
            WLAN(interface).active(False)
    except (ImportError, AttributeError, OSError, RuntimeError):
        pass  # no radio, or one that is off


def erase(label, start, count):
    """Erase `count` blocks of the partition `label` from the block `start` on; return how many it has (int),
    0 if there is no such partition. Blocks that are blank are left alone, since each erasing wears the flash.

    Raises OSError if a block does not become blank.
    """
    found = Partition.find(Partition.TYPE_DATA, label=label)
    if not found:
        return 0
    partition = found[0]
    total = partition.ioctl(_BLOCK_COUNT, 0)
    block = bytearray(partition.ioctl(_BLOCK_SIZE, 0))
    blank = b"\xff" * len(block)
    for number in range(start, min(start + count, total)):
        partition.readblocks(number, block)
        if block != blank:
            partition.ioctl(_ERASE, number)
            partition.readblocks(number, block)
            if block != blank:
                raise OSError(_EIO, "the flash does not erase its block %d of %s" % (number, label))
    return total
