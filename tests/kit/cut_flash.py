"""A flash of RAM whose power fails at its N-th write or erase, under a littlefs. For MicroPython."""

import hashlib

import vfs

_BLOCK = 4096
_BLOCKS = 24


class Flash:
    """count: writes and erases. cut: the one at which the power fails, 0 for none; it is `failed` then, and
    nothing of it has reached the flash."""

    def __init__(self, image):
        self.image = bytearray(image)
        self._view = memoryview(self.image)
        self.count = self.cut = 0
        self.failed = None

    def readblocks(self, block, buffer, offset=0):
        if self.failed:
            return -5  # nothing is made here: the collector closes what a cut has left open
        start = block * _BLOCK + offset
        buffer[:] = self._view[start : start + len(buffer)]

    def _reach(self, size, put):
        """Count one write of `size` bytes, of which put(n) brings the first n into the flash."""
        self.count += 1
        if not self.cut or self.count < self.cut:
            put(size)
            return 0
        if self.count > self.cut:
            return -5
        self.failed = size, put
        raise OSError(5)

    def writeblocks(self, block, buffer, offset):
        start = block * _BLOCK + offset
        data = bytes(buffer)

        def put(size):
            bits = int.from_bytes(data[:size], "big")
            held = int.from_bytes(self.image[start : start + size], "big")
            assert held & bits == bits, "a write can only clear bits"
            self.image[start : start + size] = data[:size]

        return self._reach(len(data), put)

    def ioctl(self, request, block):
        if request == 4:
            return len(self.image) // _BLOCK
        if request == 5:
            return _BLOCK
        if request == 6:
            start = block * _BLOCK

            def erase(size):
                self.image[start : start + size] = b"\xff" * size

            return self._reach(_BLOCK, erase)
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
    tried, wrong, booted = 0, [], {}
    for cut in range(1, writes + 1):
        flash = _cut(case, image, cut)
        if not flash.failed:
            wrong.append((cut, None, "not reached"))
            continue
        size, put = flash.failed
        for halves in (0, 1, 2):
            put(size * halves // 2)
            tried += 1
            fault = _judged(case, flash.image, boot, booted)
            if fault:
                wrong.append((cut, halves, fault))
    return writes, tried, case.outcomes, wrong


def _cut(case, image, cut):
    """Return the flash whose power failed in case.act()."""
    flash = Flash(image)
    vfs.mount(vfs.VfsLfs2(flash, mtime=False), "/f")
    flash.count, flash.cut = 0, cut
    try:
        case.act()
    except OSError:
        pass
    vfs.umount("/f")
    return flash


def _judged(case, image, boot, booted):
    """Return what is wrong with `image`, or None. booted: what boot() found before, by the digest: all of one
    write and none of the next leave the same image."""
    digest = hashlib.sha256(image).digest()
    try:
        if digest not in booted:
            booted[digest] = mounted(Flash(image), boot)
        return case.judge(*booted[digest])
    except OSError as exc:
        return repr(exc)
