"""esp32 as ports/esp32/modesp32.c and esp32_nvs.c of MicroPython v1.25.0 and v1.28.0 have it."""

#: Set to False: a board whose PSRAM was not found (CONFIG_SPIRAM_IGNORE_NOTFOUND).
has_psram = True
_MALLOC_CAP_SPIRAM = 1 << 10
_ESP_ERR_NVS_NOT_FOUND = 0x1102

_stored = {}
_committed = {}


def idf_heap_info(capabilities):
    if capabilities == _MALLOC_CAP_SPIRAM and not has_psram:
        return []
    return [(4194304, 4000000, 3900000, 3900000)]


class NVS:
    def __init__(self, namespace):
        self._namespace = namespace

    def get_blob(self, key, buffer):
        if (self._namespace, key) not in _stored:
            raise OSError(-_ESP_ERR_NVS_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        value = _stored[self._namespace, key]
        buffer[: len(value)] = value
        return len(value)

    def set_blob(self, key, value):
        _stored[self._namespace, key] = bytes(value)

    def commit(self):
        _committed.update(_stored)


class Partition:
    """As ports/esp32/esp32_partition.c: blocks of 4096 bytes, of which ioctl 6 erases one."""

    TYPE_DATA = 1
    #: The blocks by label, and what was erased: [label, number, what holds the flash then].
    flash = {}
    erased = []
    #: What an erased block reads as: others than 0xFF are worn out.
    blank = b"\xff"
    users = None

    def __init__(self, label):
        self._label = label

    @classmethod
    def find(cls, kind, label):
        assert kind == cls.TYPE_DATA
        return [cls(label)] if label in cls.flash else []

    def ioctl(self, request, number):
        blocks = self.flash[self._label]
        if request == 4:
            return len(blocks)
        if request == 5:
            return 4096
        assert request == 6
        blocks[number] = Partition.blank * 4096
        self.erased.append([self._label, number, Partition.users()])
        return 0

    def readblocks(self, number, buffer):
        buffer[:] = self.flash[self._label][number]


def power_cycle():
    """What was not committed is gone."""
    _stored.clear()
    _stored.update(_committed)
