"""The test card: a moving picture to try a camera's stream with, as baseline JPEG frames."""

from array import array
from gc import collect

from jpeg_tiles import TileCoder
from testfont import GLYPHS
from testsymbols import BALL_LAYERS, FIELD, LAMP_LAYERS, PANEL, blend, from_centre, ring_lumas

_EOI = 0xD9
_WHITE = (255, 255, 255)
_BLACK = (0, 0, 0)
# EBU bars 100/0/75/0: full white, then 75 % colours by falling luma.
BARS = (
    (255, 255, 255),
    (191, 191, 0),
    (0, 191, 191),
    (0, 191, 0),
    (191, 0, 191),
    (191, 0, 0),
    (0, 0, 191),
    (0, 0, 0),
)
_TITLE = (255, 196, 64)
_INFO = (232, 236, 240)

# Gratings: 8x8 bitmaps of vertical lines, then of horizontal ones and a chequered one.
_GRATINGS = (
    b"\xf0" * 8,
    b"\xcc" * 8,
    b"\xaa" * 8,
    b"\xaa\x55" * 4,
    b"\xff\x00" * 4,
    b"\xff\xff\x00\x00" * 2,
    b"\xff\xff\xff\xff\x00\x00\x00\x00",
)


def ycbcr(rgb):
    """(Y, Cb, Cr) of JFIF, each 0..255, of (R, G, B)."""
    r, g, b = rgb
    return (
        (19595 * r + 38470 * g + 7471 * b + 32768) >> 16,
        min(255, 128 + ((-11059 * r - 21709 * g + 32768 * b + 32768) >> 16)),
        min(255, 128 + ((32768 * r - 27439 * g - 5329 * b + 32768) >> 16)),
    )


def bounce(number, span):
    """The place 0..span at step `number` of a walk to and fro."""
    if span <= 0:
        return 0
    place = number % (2 * span)
    return place if place <= span else 2 * span - place


def _tone(brightness, contrast):
    """256 lumas: contrast in quarters about mid grey, then brightness in steps of 24."""
    return bytes(
        [min(255, max(0, 128 + (y - 128) * (4 + contrast) // 4 + 24 * brightness)) for y in range(256)]
    )


class Layout:
    """Where things are, in tiles, for a frame of `width` x `height` pixels.

    `unit` is the tiles in one 20th of the width or one 15th of the height, whichever is less:
    one in 160x120, four in 640x480.
    """

    def __init__(self, width, height):
        self.columns = width // 8
        self.rows = height // 8
        unit = self.unit = max(1, min(self.columns // 20, self.rows // 15))
        self.text_scale = (3 * unit + 2) // 4
        self.panel = self.rows - 7 * unit
        self.moving_rows = 7 * unit
        self.detail = self.panel - 3 * unit
        self.ramp = self.detail - unit
        self.rings = 3 * unit
        self.title = (self.panel + (unit + 1) // 2, unit)
        first, step = self.panel + (5 * unit + 1) // 2, 3 * unit // 2
        self.info = [(first + k * step, unit) for k in range(3)]
        self.symbol = max(2, 3 * unit // 2)
        self.lamp = (self.panel + unit // 2, 12 * unit - self.symbol // 2)
        margin = unit // 2
        self.field = 13 * unit + margin
        self.field_top = self.panel + margin
        self.field_rows = 7 * unit - 2 * margin
        self.field_columns = self.columns - self.field - margin

    def ball(self, number):
        """(row, column) of the ball's upper left tile in frame `number`."""
        return (
            self.field_top + bounce(number // 2, self.field_rows - self.symbol),
            self.field + bounce(number, self.field_columns - self.symbol),
        )


class TestCard:
    """The test picture of one size and quality; `width` and `height` are multiples of 8.

    `brightness` and `contrast` are -2..2. Its tiles, the moving rows and one frame buffer are
    made with it; after that a frame allocates only the rows that change.
    """

    def __init__(self, width, height, quality, hmirror=False, vflip=False, brightness=0, contrast=0):
        collect()  # the card before this one, above all its buffer
        self.layout = Layout(width, height)
        self._vflip = vflip
        self._coder = TileCoder(quality, hmirror, vflip, _tone(brightness, contrast))
        self._tiles = {}
        self._make_buffer(self._coder.header(width, height), self._still_rows(), quality)
        collect()
        self._glyphs = {}
        self._written = {}
        self._led = None
        self._lines = []
        self._rows = [b""] * self.layout.moving_rows
        self._changed = bytearray([1] * self.layout.moving_rows)
        self._draw_panel("{}x{} q{}".format(width, height, quality))
        self._draw(0, 0, 0)
        self._tiles.clear()  # every tile there will be has its place now
        collect()

    def frame(self, number, elapsed_ms, led=0):
        """One complete JPEG, in a memoryview that is valid until the next frame().

        `number` counts frames, `led` is the lamp's level in percent.
        """
        self._draw(number, elapsed_ms, led)
        return self._join()

    # -- the rows that stay: bars, ramp, gratings

    def _still_rows(self):
        """Code them once, and forget their tiles.

        MicroPython's heap does not move what it holds: a collection after each step keeps what
        stays together, so that the frame buffer finds room in one piece.
        """
        layout = self.layout
        line = array("H", [0] * layout.columns)
        for k in range(layout.columns):
            line[k] = self._flat(BARS[k * 8 // layout.columns])
        rows = [self._coder.row(line)] * layout.ramp
        for k in range(layout.columns):
            grey = 255 * k // (layout.columns - 1)
            line[k] = self._flat((grey, grey, grey))
        rows.extend([self._coder.row(line)] * layout.unit)
        self._forget_tiles()
        self._add_detail_rows(rows, line)
        self._forget_tiles()
        return rows

    def _add_detail_rows(self, rows, line):
        """Gratings between two sets of rings."""
        size = self.layout.rings
        between = len(line) - 2 * size
        for k in range(between):
            bitmap = _GRATINGS[k * len(_GRATINGS) // between]
            line[size + k] = self._bitmap(bitmap, _WHITE, _BLACK)
        count = self._coder.count()
        for row in range(size):
            for k in range(size):
                tile = self._coder.add(ring_lumas(size * 8, row, k), 128, 128)
                line[k] = line[size + between + k] = tile
            rows.append(self._coder.row(line))
            self._coder.forget(count)
            collect()

    # -- the rows that move: text, lamp and ball

    def _draw_panel(self, size_text):
        layout = self.layout
        panel = self._flat(PANEL)
        field = self._flat(FIELD)
        for row in range(layout.panel, layout.rows):
            line = array("H", [panel] * layout.columns)
            if 0 <= row - layout.field_top < layout.field_rows:
                for column in range(layout.field, layout.field + layout.field_columns):
                    line[column] = field
            self._lines.append(line)
        for digit in "0123456789":
            self._glyph(digit, layout.text_scale, _INFO)
        self._write(layout.title, "camcors", layout.unit, _TITLE)
        self._write(layout.info[2], size_text, layout.text_scale, _INFO)
        self._lamp = self._new_symbol()
        self._ball = self._new_symbol()
        self._hole = array("H", [field] * len(self._ball))
        self._code_symbol(self._ball, BALL_LAYERS, 0)
        self._ball_at = layout.ball(0)

    def _draw(self, number, elapsed_ms, led):
        layout = self.layout
        if led != self._led:
            self._led = led
            self._code_symbol(self._lamp, LAMP_LAYERS, led)
            self._put(self._lamp, layout.symbol, *layout.lamp)
        self._move_ball(layout.ball(number))
        seconds = elapsed_ms // 1000
        clock = "{:02d}:{:02d}:{:02d}.{}".format(
            seconds // 3600 % 100, seconds // 60 % 60, seconds % 60, elapsed_ms // 100 % 10
        )
        count = "frame {:06d}".format(number % 1000000)
        self._write(layout.info[0], count, layout.text_scale, _INFO)
        self._write(layout.info[1], clock, layout.text_scale, _INFO)
        for k, line in enumerate(self._lines):
            if self._changed[k]:
                self._changed[k] = 0
                self._rows[k] = self._coder.row(line)

    def _write(self, place, text, scale, colour):
        """Put text at (row, column); letters that are there already cost nothing."""
        old = self._written.get(place, "")
        self._written[place] = text
        row, column = place
        for k, letter in enumerate(text):
            if old[k : k + 1] != letter:
                self._put(self._glyph(letter, scale, colour), scale, row, column + k * scale)

    def _put(self, tiles, size, row, column):
        """Put a square of tiles at (row, column)."""
        top = row - self.layout.panel
        for k in range(size):
            self._lines[top + k][column : column + size] = tiles[k * size : k * size + size]
            self._changed[top + k] = 1

    def _move_ball(self, place):
        size = self.layout.symbol
        self._put(self._hole, size, *self._ball_at)
        self._put(self._ball, size, *place)
        self._ball_at = place

    # -- tiles

    def _forget_tiles(self):
        self._tiles.clear()
        self._coder.forget(0)
        collect()

    def _flat(self, colour):
        if colour not in self._tiles:
            self._tiles[colour] = self._coder.add(*ycbcr(colour))
        return self._tiles[colour]

    def _bitmap(self, bitmap, ink, paper):
        """The tile of an 8x8 bitmap in two colours."""
        key = bitmap, ink, paper
        if key not in self._tiles:
            planes = [
                low
                if not any(bitmap)
                else [high if bitmap[k >> 3] << (k & 7) & 0x80 else low for k in range(64)]
                for high, low in zip(ycbcr(ink), ycbcr(paper))
            ]
            self._tiles[key] = self._coder.add(*planes)
        return self._tiles[key]

    def _glyph(self, letter, scale, colour):
        """The square of tiles of a letter, coded at its first use."""
        key = letter, scale, colour
        if key not in self._glyphs:
            rows = GLYPHS[letter]
            tiles = array("H", [0] * (scale * scale))
            for k in range(len(tiles)):
                bitmap = _enlarged(rows, scale, k // scale, k % scale)
                tiles[k] = self._bitmap(bitmap, colour, PANEL)
            self._glyphs[key] = tiles
            collect()
        return self._glyphs[key]

    def _new_symbol(self):
        """A square of tiles of its own, to be coded by _code_symbol()."""
        return array("H", [self._coder.add(0, 128, 128) for _ in range(self.layout.symbol**2)])

    def _code_symbol(self, tiles, layers, level):
        """Code a square of tiles anew; see the layers below."""
        size = self.layout.symbol
        planes = bytearray(64), bytearray(64), bytearray(64)
        layers = [(ycbcr(colour), share_at) for colour, share_at in layers]
        for k, tile in enumerate(tiles):
            for at in range(64):
                x, y = from_centre(size * 8, k // size, k % size, at)
                for (luma, cb, cr), share_at in layers:
                    share = share_at(x, y, size * 8, level)
                    if share:
                        blend(planes[0], at, luma, share)
                        blend(planes[1], at, cb, share)
                        blend(planes[2], at, cr, share)
            self._coder.add(*planes, index=tile)
            if k % size == 0:
                collect()

    # -- the frame: what stays before the moving rows, the moving rows, what stays after them

    def _make_buffer(self, header, still, quality):
        """The frame buffer with the still rows in place, which nothing rewrites.

        It is made before the many small objects of the moving rows divide the heap.
        """
        layout = self.layout
        self._header = header
        still_size = _joined_size(still)
        self._before = len(header) + (0 if self._vflip else still_size)
        self._after = still_size if self._vflip else 0
        room = _moving_room(layout, quality)
        buffer = self._buffer = bytearray(self._before + room + self._after)
        buffer[: len(header)] = header
        if self._vflip:
            _join(buffer, self._before + room, reversed(still), layout.moving_rows)
            buffer[-1] = _EOI
        else:
            _join(buffer, len(header), still, 0)
        self._still_count = len(still)

    def _enlarge_buffer(self, extra):
        old = memoryview(self._buffer)
        buffer = bytearray(len(old) + extra)
        buffer[: self._before] = old[: self._before]
        buffer[len(buffer) - self._after :] = old[len(old) - self._after :]
        self._buffer = buffer

    def _join(self):
        """The frame; its moving rows touch the still ones, above or below."""
        size = _joined_size(self._rows)
        spare = len(self._buffer) - self._before - self._after - size
        if spare < 0:
            self._enlarge_buffer(-spare)
            spare = 0
        buffer = self._buffer
        if self._vflip:
            buffer[spare : spare + self._before] = self._header
            _join(buffer, spare + self._before, reversed(self._rows), 0)
            return memoryview(buffer)[spare:]
        end = _join(buffer, self._before, self._rows, self._still_count)
        buffer[end - 1] = _EOI
        return memoryview(buffer)[:end]


def _moving_room(layout, quality):
    """Bytes that hold the moving rows, as measured over all frame sizes and qualities."""
    return 2 * layout.columns * layout.moving_rows + min(layout.unit, 6) * 180000 // (110 - quality)


def _joined_size(rows):
    size = 0
    for row in rows:
        size += len(row) + 2
    return size


def _join(buffer, at, rows, number):
    """Write rows, each ended by RST0 to RST7 in turn (B.1.1.3); returns where they end.

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


def _enlarged(rows, scale, i, j):
    """The 8x8 bitmap of tile (i, j) of a glyph drawn `scale` times as large."""
    bitmap = bytearray(8)
    for y in range(8):
        source = rows[(8 * i + y) // scale]
        for x in range(8):
            if source << (8 * j + x) // scale & 0x80:
                bitmap[y] |= 0x80 >> x
    return bytes(bitmap)
