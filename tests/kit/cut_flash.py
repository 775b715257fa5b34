"""A flash of RAM whose power fails at its N-th write or erase, under a littlefs. For MicroPython."""

import vfs

_BLOCK = 4096
_BLOCKS = 24


class Flash:
    """count: writes and erases. cut: the one at which the power fails, 0 for none. halves: how much of that
    one still reaches the flash."""

    def __init__(self, image):
        self.image = bytearray(image)
        self.count = self.cut = self.halves = 0

    def readblocks(self, block, buffer, offset=0):
        if self.cut and self.count >= self.cut:
            return -5  # nothing is made here: the collector closes what a cut has left open
        start = block * _BLOCK + offset
        buffer[:] = memoryview(self.image)[start : start + len(buffer)]

    def power(self, size):
        """Count one write. Return how many of its bytes still reach the flash."""
        self.count += 1
        if not self.cut or self.count < self.cut:
            return size
        return size * self.halves // 2 if self.count == self.cut else 0

    def after(self):
        if self.cut and self.count >= self.cut:
            if self.count == self.cut:
                raise OSError(5)
            return -5

    def writeblocks(self, block, buffer, offset):
        start = block * _BLOCK + offset
        for i in range(self.power(len(buffer))):
            assert self.image[start + i] & buffer[i] == buffer[i], "a write can only clear bits"
            self.image[start + i] &= buffer[i]
        return self.after()

    def ioctl(self, request, block):
        if request == 4:
            return len(self.image) // _BLOCK
        if request == 5:
            return _BLOCK
        if request == 6:
            size = self.power(_BLOCK)
            self.image[block * _BLOCK : block * _BLOCK + size] = b"\xff" * size
            return self.after() or 0
        return 0


def new_image(act):
    """Return the image of a new filesystem after `act`, which finds it at /f."""
    flash = Flash(b"\xff" * _BLOCK * _BLOCKS)
    vfs.VfsLfs2.mkfs(flash)
    mounted(flash, act)
    return flash.image


def mounted(flash, act):
    """Return what `act` gives with `flash` at /f. Without file times: in another second a fault is an
    edit."""
    vfs.mount(vfs.VfsLfs2(flash, mtime=False), "/f")
    try:
        return act()
    finally:
        vfs.umount("/f")


def read(path):
    """Return what is in a file (bytes), None if there is none."""
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return None


def cut_all(case, image, boot):
    """Cut the power at every write of case.act(), and each time in three ways: none of that write reaches the
    flash, a half, or all of it. Return (writes of the act, cuts tried, case.outcomes, what went wrong).

    boot: gives what case.judge takes, which returns what is wrong, or None.
    """
    whole = Flash(image)
    vfs.mount(vfs.VfsLfs2(whole, mtime=False), "/f")
    before = whole.count
    case.act()
    writes = whole.count - before
    vfs.umount("/f")
    tried, wrong = 0, []
    for halves in (0, 1, 2):
        for cut in range(1, writes + 1):
            flash = Flash(image)
            fault = _cut(case, flash, cut, halves)
            tried += 1
            try:
                fault = fault or case.judge(*mounted(Flash(flash.image), boot))
            except OSError as exc:
                fault = repr(exc)
            if fault:
                wrong.append((cut, halves, fault))
    return writes, tried, case.outcomes, wrong


def _cut(case, flash, cut, halves):
    vfs.mount(vfs.VfsLfs2(flash, mtime=False), "/f")
    flash.count, flash.cut, flash.halves = 0, cut, halves
    try:
        case.act()
    except OSError:
        pass
    vfs.umount("/f")
    return "not reached" if flash.count < cut else None
