"""Baseline JPEG of 8x8 tiles, in plain Python: each tile coded once, rows joined of what is known.

4:4:4 sampling makes one tile one MCU, so a tile is transformed, quantised and Huffman coded once;
a row of the picture is then a joining of known bit strings. A restart marker ends each row, so a
row that did not change can be copied as it is. Section numbers are those of ITU-T T.81 (JPEG).
"""

from array import array
from struct import pack, pack_into

from .jpeg_tables import (
    CHROMA_AC,
    CHROMA_DC,
    CHROMA_QUANTISERS,
    LUMA_AC,
    LUMA_DC,
    LUMA_QUANTISERS,
    ZIGZAG,
    scaled_quantisers,
)

_DIFFERENCES_KEPT = 512  # more than a picture has: 414 at UXGA and quality 100
_AS_IT_IS = bytes(range(256))

# A chunk is up to 24 bits as one small int, (bits << 5) | length: joining chunks allocates nothing.


def _huffman_chunks(spec):
    """Chunks by symbol from the counts and symbols of a table (Annex C.2); 0: no such symbol."""
    chunks = array("I", [0] * 256)
    code = 0
    at = 16
    for length in range(1, 17):
        for _ in range(spec[length - 1]):
            chunks[spec[at]] = code << 5 | length
            code += 1
            at += 1
        code <<= 1
    return chunks


def _with_amplitude(chunk, value, size):
    """Return a Huffman chunk with the `size` low bits of F.1.2.1.1 appended for a signed value."""
    bits = value if value >= 0 else value + (1 << size) - 1
    return ((chunk >> 5) << size | bits) << 5 | (chunk & 31) + size


def _size(value):
    """Return the number of bits of |value| (Table F.1)."""
    value = abs(value)
    size = 0
    while value:
        value >>= 1
        size += 1
    return size


def _dct_line(source, target, at, step):
    """One 8-point DCT (A.3.3), scaled by 2 << 13; source and target are lists of 64 ints.

    Sums and differences of mirrored samples halve the products; 8192 * cos(k * pi / 16) are
    whole numbers so that MicroPython's heap sees no floats.
    """
    low, high = at, at + 7 * step
    s0, d0 = source[low] + source[high], source[low] - source[high]
    low, high = low + step, high - step
    s1, d1 = source[low] + source[high], source[low] - source[high]
    low, high = low + step, high - step
    s2, d2 = source[low] + source[high], source[low] - source[high]
    low, high = low + step, high - step
    s3, d3 = source[low] + source[high], source[low] - source[high]
    target[at] = 5793 * (s0 + s1 + s2 + s3)
    target[at + 4 * step] = 5793 * (s0 - s1 - s2 + s3)
    target[at + 2 * step] = 7568 * (s0 - s3) + 3135 * (s1 - s2)
    target[at + 6 * step] = 3135 * (s0 - s3) - 7568 * (s1 - s2)
    target[at + step] = 8035 * d0 + 6811 * d1 + 4551 * d2 + 1598 * d3
    target[at + 3 * step] = 6811 * d0 - 1598 * d1 - 8035 * d2 - 4551 * d3
    target[at + 5 * step] = 4551 * d0 - 8035 * d1 + 1598 * d2 + 6811 * d3
    target[at + 7 * step] = 1598 * d0 - 4551 * d1 + 6811 * d2 - 8035 * d3


def _rounded(value, divisor):
    half = divisor >> 1
    return (value + half) // divisor if value >= 0 else -((half - value) // divisor)


class _Plane:
    """The tables of luminance or of chrominance, and the coding of one block with them."""

    def __init__(self, quantisers, dc_spec, ac_spec):
        self.quantisers = quantisers
        self._dc = _huffman_chunks(dc_spec)
        self._ac = _huffman_chunks(ac_spec)
        self.end = (self._ac[0],)
        self._work = [0] * 64
        self._differences = {}

    def difference(self, value):
        """Return the chunks of a DC difference (F.1.2.1), a tuple of one; the last few are kept."""
        known = self._differences
        if value not in known:
            if len(known) >= _DIFFERENCES_KEPT:
                known.clear()
            size = _size(value)
            known[value] = (_with_amplitude(self._dc[size], value, size),)
        return known[value]

    def block(self, samples):
        """(quantised DC, tuple of AC chunks) of 64 samples 0..255, or of one for a flat block."""
        if type(samples) is int:
            return _rounded(8 * (samples - 128), self.quantisers[0]), self.end
        work = self._work
        for k in range(64):
            work[k] = samples[k] - 128
        for at in range(0, 64, 8):
            _dct_line(work, work, at, 1)
        for at in range(8):
            _dct_line(work, work, at, 8)
        # Two passes scale by 2 ** 28 together.
        return _rounded(work[0], self.quantisers[0] << 28), self._ac_chunks(work)

    def _ac_chunks(self, work):
        """Run lengths and amplitudes in zig-zag order (F.1.2.2), ended by EOB if needed."""
        chunks = []
        run = 0
        for k in range(1, 64):
            value = _rounded(work[ZIGZAG[k]], self.quantisers[k] << 28)
            if not value:
                run += 1
                continue
            while run > 15:
                chunks.append(self._ac[0xF0])
                run -= 16
            size = _size(value)
            symbol = self._ac[run << 4 | size]
            # A code of 16 bits with an amplitude of 10 is more than a chunk holds.
            chunks.append(symbol)
            chunks.append(_with_amplitude(0, value, size))
            run = 0
        if run == 63:
            return self.end
        if run:
            chunks.append(self._ac[0])
        return _merged(chunks)


def _merged(chunks):
    """Return the same bits in as few chunks as possible."""
    merged = []
    bits = length = 0
    for chunk in chunks:
        length += chunk & 31
        bits = bits << (chunk & 31) | chunk >> 5
        if length >= 24:
            length -= 24
            merged.append((bits >> length) << 5 | 24)
            bits &= (1 << length) - 1
    if length:
        merged.append(bits << 5 | length)
    return tuple(merged)


class TileCoder:
    """Turns tiles into bits and rows of tiles into restart intervals.

    It holds one tuple a tile, about 64 bytes and 8 for each 3 bytes of code, until forget().
    `tone` maps luma 0..255 to the luma that is coded.
    """

    def __init__(self, quality, hmirror, vflip, tone):
        self.luma = _Plane(scaled_quantisers(LUMA_QUANTISERS, quality), LUMA_DC, LUMA_AC)
        self.chroma = _Plane(scaled_quantisers(CHROMA_QUANTISERS, quality), CHROMA_DC, CHROMA_AC)
        self._flat = self._again(self.luma.end, self.chroma.end, self.chroma.end)
        self._mirror = (7 if hmirror else 0) ^ (56 if vflip else 0)
        self._hmirror = hmirror
        self._tone = tone
        self._tiles = []
        self._samples = bytearray(64)
        self._bytes = bytearray(1024)
        self._done = self._bits = self._length = 0  # whole bytes; bits beyond them, how many
        self._y = self._cb = self._cr = 0  # the DC values that the next ones are told from

    def count(self):
        return len(self._tiles)

    def forget(self, count):
        """Keep the first `count` tiles only."""
        del self._tiles[count:]

    def add(self, luma, cb, cr, index=None):
        """Code a tile; each plane is 64 samples, row by row, or one int for all.

        Returns its index, a new one unless `index` names the tile to replace.
        """
        tile = (
            self._block(self.luma, luma, self._tone)
            + self._block(self.chroma, cb, _AS_IT_IS)
            + self._block(self.chroma, cr, _AS_IT_IS)
        )
        if index is None:
            self._tiles.append(tile)
            return len(self._tiles) - 1
        self._tiles[index] = tile
        return index

    def _block(self, plane, samples, tone):
        if type(samples) is int:
            return plane.block(tone[samples])
        turned = self._samples
        for k in range(64):
            turned[k] = tone[samples[k ^ self._mirror]]
        return plane.block(turned)

    def row(self, line):
        """Return the bytes of one restart interval, markers left out, from an array of tile indices."""
        self._done = self._bits = self._length = 0
        self._y = self._cb = self._cr = 0
        last = -1
        run = 0
        for index in reversed(line) if self._hmirror else line:
            if index != last:
                if run:
                    self._put_run(self._tiles[last], run)
                last = index
                run = 0
            run += 1
        self._put_run(self._tiles[last], run)
        return self._finish()

    def _put_run(self, tile, run):
        """One tile `run` times: only the first has DC differences."""
        y, y_ac, cb, cb_ac, cr, cr_ac = tile
        luma, chroma = self.luma, self.chroma
        self._put(luma.difference(y - self._y), 1)
        self._put(y_ac, 1)
        self._put(chroma.difference(cb - self._cb), 1)
        self._put(cb_ac, 1)
        self._put(chroma.difference(cr - self._cr), 1)
        self._put(cr_ac, 1)
        if run > 1:
            flat = y_ac is luma.end and cb_ac is chroma.end and cr_ac is chroma.end
            self._put(self._flat if flat else self._again(y_ac, cb_ac, cr_ac), run - 1)
        self._y = y
        self._cb = cb
        self._cr = cr

    def _again(self, y_ac, cb_ac, cr_ac):
        """Return the chunks of a tile after one that has the same three DC values."""
        y, c = self.luma.difference(0), self.chroma.difference(0)
        return _merged(y + y_ac + c + cb_ac + c + cr_ac)

    def _put(self, chunks, times):
        done, bits, length = self._done, self._bits, self._length
        room = done + 3 * times * len(chunks) + 8
        if room > len(self._bytes):
            self._bytes.extend(bytes(room - len(self._bytes)))
        target = self._bytes
        for _ in range(times):
            for chunk in chunks:
                bits = bits << (chunk & 31) | chunk >> 5
                length += chunk & 31
                if length >= 32:
                    length -= 32
                    pack_into(">I", target, done, bits >> length)
                    done += 4
                    bits &= (1 << length) - 1
        self._done = done
        self._bits = bits
        self._length = length

    def _finish(self):
        """Pad with 1-bits (F.1.2.3) and stuff a zero after each 0xFF (B.1.1.5)."""
        done, bits, length = self._done, self._bits, self._length
        pad = 32 - length
        pack_into(">I", self._bytes, done, bits << pad | (1 << pad) - 1)
        end = done + (length + 7) // 8
        return bytes(memoryview(self._bytes)[:end]).replace(b"\xff", b"\xff\x00")

    def header(self, width, height):
        """SOI to SOS (Annex B.2), with the JFIF marker that says how the colours are meant."""
        parts = [b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"]
        for number, plane in enumerate((self.luma, self.chroma)):
            parts.append(b"\xff\xdb\x00\x43" + bytes([number]) + plane.quantisers)
        parts.append(pack(">HHBHHB", 0xFFC0, 17, 8, height, width, 3))
        parts.append(b"\x01\x11\x00\x02\x11\x01\x03\x11\x01")
        for number, spec in ((0x00, LUMA_DC), (0x10, LUMA_AC), (0x01, CHROMA_DC), (0x11, CHROMA_AC)):
            parts.append(pack(">HHB", 0xFFC4, len(spec) + 3, number) + spec)
        parts.append(pack(">HHH", 0xFFDD, 4, width // 8))
        parts.append(b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00")
        return b"".join(parts)
