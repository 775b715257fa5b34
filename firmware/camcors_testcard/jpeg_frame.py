"""A JPEG frame of which some rows stay; section numbers are those of ITU-T T.81 (JPEG)."""

_EOI = 0xD9


class FrameBuffer:
    """The bytes of one frame: a header, rows that stay, which nothing rewrites, and rows that move.

    header: SOI to SOS (bytes). still, rows: coded rows (list of bytes), of the picture from above; the
    moving ones lie below the still ones, above them if `vflip`. room: bytes that all moving rows may
    need; a new buffer is made if they need more. moving: how many they are.

    It is best made before many small objects divide the heap, which does not move what it holds.
    """

    def __init__(self, header, still, room, moving, vflip):
        self._header = header
        self._vflip = vflip
        self._still_count = len(still)
        still_size = _joined_size(still)
        self._before = len(header) + (0 if vflip else still_size)
        self._after = still_size if vflip else 0
        buffer = self._buffer = bytearray(self._before + room + self._after)
        buffer[: len(header)] = header
        if vflip:
            _join(buffer, self._before + room, reversed(still), moving)
            buffer[-1] = _EOI
        else:
            _join(buffer, len(header), still, 0)

    def join(self, rows):
        """Return the frame with `rows` as its moving rows, in a memoryview valid until the next call."""
        size = _joined_size(rows)
        spare = len(self._buffer) - self._before - self._after - size
        if spare < 0:
            self._enlarge(-spare)
            spare = 0
        buffer = self._buffer
        if self._vflip:
            buffer[spare : spare + self._before] = self._header
            _join(buffer, spare + self._before, reversed(rows), 0)
            return memoryview(buffer)[spare:]
        end = _join(buffer, self._before, rows, self._still_count)
        buffer[end - 1] = _EOI
        return memoryview(buffer)[:end]

    def _enlarge(self, extra):
        old = memoryview(self._buffer)
        buffer = bytearray(len(old) + extra)
        buffer[: self._before] = old[: self._before]
        buffer[len(buffer) - self._after :] = old[len(old) - self._after :]
        self._buffer = buffer


def _joined_size(rows):
    size = 0
    for row in rows:
        size += len(row) + 2
    return size


def _join(buffer, at, rows, number):
    """Write rows, each ended by RST0 to RST7 in turn (B.1.1.3); return where they end.

    `number` is the place in the frame of the first.
    """
    for row in rows:
        end = at + len(row)
        buffer[at:end] = row
        buffer[end] = 0xFF
        buffer[end + 1] = 0xD0 | number & 7
        number += 1
        at = end + 2
    return at
