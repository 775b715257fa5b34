"""The test card: a moving picture to try a camera's stream with, as baseline JPEG frames."""

from array import array
from gc import collect

from .font import GLYPHS
from .jpeg_frame import FrameBuffer
from .jpeg_tiles import TileCoder
from .layout import Layout
from .symbols import BALL_LAYERS, FIELD, LAMP_LAYERS, PANEL, blend, from_centre, ring_lumas

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
_NAME = "camcors"
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


def _tone(brightness, contrast):
    """256 lumas: contrast in quarters about mid grey, then brightness in steps of 24."""
    return bytes(
        [min(255, max(0, 128 + (y - 128) * (4 + contrast) // 4 + 24 * brightness)) for y in range(256)]
    )


class TestCard:
    """The test picture of one size and quality; `width` and `height` are multiples of 8.

    `brightness` and `contrast` are -2..2. The first frame makes its tiles, the moving rows and one
    frame buffer; after that a frame allocates only the rows that change.

    MicroPython's heap does not move what it holds: a collection after each step of the making keeps
    what stays together, so that the frame buffer finds room in one piece.
    """

    def __init__(self, width, height, quality, hmirror=False, vflip=False, brightness=0, contrast=0):
        self._layout = Layout(width, height)
        self._size = width, height, quality
        self._vflip = vflip
        self._coder = TileCoder(quality, hmirror, vflip, _tone(brightness, contrast))
        self._tiles = {}
        self._glyphs = {}
        self._written = {}
        self._led = None
        self._lines = []
        self._rows = []
        self._changed = None
        self._buffer = None

    def frame(self, number, elapsed_ms, led=0):
        """One complete JPEG, in a memoryview that is valid until the next frame().

        `number` counts frames, `led` is the lamp's level in percent.
        """
        for _ in self.draw(number, elapsed_ms, led):
            pass
        return self.join()

    def draw(self, number, elapsed_ms, led=0):
        """Draw a frame in steps, of which each takes about as long as coding one row or one tile: a
        generator of nothing, so that other work can go on between them. Then join() has the frame.

        A card whose drawing was broken off, or failed, is of no use any more.
        """
        if self._buffer is None:
            yield from self._make()
        if led != self._led:
            self._led = led
            yield from self._code_symbol(self._lamp, LAMP_LAYERS, led)
            self._put(self._lamp, self._layout.symbol, *self._layout.lamp)
        self._move_ball(self._layout.ball(number))
        self._write_counters(number, elapsed_ms)
        for k, line in enumerate(self._lines):
            if self._changed[k]:
                self._changed[k] = 0
                self._rows[k] = self._coder.row(line)
                yield

    def join(self):
        """Return the frame that draw() has drawn: one JPEG, in a memoryview valid until the next one."""
        return self._buffer.join(self._rows)

    def _make(self):
        collect()  # the card before this one, above all its buffer
        still = []
        yield from self._code_bars(still)
        yield from self._code_details(still)
        width, height, quality = self._size
        layout = self._layout
        header = self._coder.header(width, height)
        room = _moving_room(layout, quality)
        self._buffer = FrameBuffer(header, still, room, layout.moving_rows, self._vflip)
        still = None
        collect()
        self._rows = [b""] * layout.moving_rows
        self._changed = bytearray([1] * layout.moving_rows)
        yield from self._make_panel("{}x{} q{}".format(width, height, quality))
        self._tiles.clear()  # every tile there will be has its place now
        collect()

    # -- the rows that stay: bars, ramp, gratings; coded once, and their tiles forgotten

    def _code_bars(self, rows):
        layout = self._layout
        line = array("H", [0] * layout.columns)
        for k in range(layout.columns):
            line[k] = self._flat(BARS[k * 8 // layout.columns])
        rows.extend([self._coder.row(line)] * layout.ramp)
        yield
        for k in range(layout.columns):
            grey = 255 * k // (layout.columns - 1)
            line[k] = self._flat((grey, grey, grey))
        rows.extend([self._coder.row(line)] * layout.unit)
        self._forget_tiles()
        yield

    def _code_details(self, rows):
        """Gratings between two sets of rings."""
        size = self._layout.rings
        line = array("H", [0] * self._layout.columns)
        between = len(line) - 2 * size
        for k in range(between):
            bitmap = _GRATINGS[k * len(_GRATINGS) // between]
            line[size + k] = self._bitmap(bitmap, _WHITE, _BLACK)
            yield
        count = self._coder.count()
        for row in range(size):
            for k in range(size):
                tile = self._coder.add(ring_lumas(size * 8, row, k), 128, 128)
                line[k] = line[size + between + k] = tile
                yield
            rows.append(self._coder.row(line))
            self._coder.forget(count)
            collect()
            yield
        self._forget_tiles()

    # -- the rows that move: text, lamp and ball

    def _make_panel(self, size_text):
        layout = self._layout
        panel = self._flat(PANEL)
        field = self._flat(FIELD)
        for row in range(layout.panel, layout.rows):
            line = array("H", [panel] * layout.columns)
            if 0 <= row - layout.field_top < layout.field_rows:
                for column in range(layout.field, layout.field + layout.field_columns):
                    line[column] = field
            self._lines.append(line)
        yield from self._make_glyphs(_NAME, layout.unit, _TITLE)
        yield from self._make_glyphs("frame 0123456789:." + size_text, layout.text_scale, _INFO)
        self._write(layout.title, _NAME, layout.unit, _TITLE)
        self._write(layout.info[2], size_text, layout.text_scale, _INFO)
        self._lamp = self._new_symbol()
        self._ball = self._new_symbol()
        self._hole = array("H", [field] * len(self._ball))
        yield from self._code_symbol(self._ball, BALL_LAYERS, 0)
        self._ball_at = layout.ball(0)

    def _write_counters(self, number, elapsed_ms):
        layout = self._layout
        seconds = elapsed_ms // 1000
        clock = "{:02d}:{:02d}:{:02d}.{}".format(
            seconds // 3600 % 100, seconds // 60 % 60, seconds % 60, elapsed_ms // 100 % 10
        )
        count = "frame {:06d}".format(number % 1000000)
        self._write(layout.info[0], count, layout.text_scale, _INFO)
        self._write(layout.info[1], clock, layout.text_scale, _INFO)

    def _write(self, place, text, scale, colour):
        """Put text at (row, column); letters that are there already cost nothing."""
        old = self._written.get(place, "")
        self._written[place] = text
        row, column = place
        for k, letter in enumerate(text):
            if old[k : k + 1] != letter:
                self._put(self._glyphs[letter, scale, colour], scale, row, column + k * scale)

    def _put(self, tiles, size, row, column):
        """Put a square of tiles at (row, column)."""
        top = row - self._layout.panel
        for k in range(size):
            self._lines[top + k][column : column + size] = tiles[k * size : k * size + size]
            self._changed[top + k] = 1

    def _move_ball(self, place):
        size = self._layout.symbol
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
        """Return the tile of an 8x8 bitmap in two colours."""
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

    def _make_glyphs(self, letters, scale, colour):
        """The squares of tiles of letters."""
        for letter in letters:
            key = letter, scale, colour
            if key in self._glyphs:
                continue
            tiles = array("H", [0] * (scale * scale))
            for k in range(len(tiles)):
                bitmap = _enlarged(GLYPHS[letter], scale, k // scale, k % scale)
                tiles[k] = self._bitmap(bitmap, colour, PANEL)
                yield
            self._glyphs[key] = tiles
            collect()

    def _new_symbol(self):
        """Return a square of tiles of its own, to be coded by _code_symbol()."""
        return array("H", [self._coder.add(0, 128, 128) for _ in range(self._layout.symbol**2)])

    def _code_symbol(self, tiles, layers, level):
        """Code a square of tiles again; see the layers in testsymbols.py."""
        size = self._layout.symbol
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
            yield


def _moving_room(layout, quality):
    """Return bytes that hold the moving rows, as measured over all frame sizes and qualities."""
    return 2 * layout.columns * layout.moving_rows + min(layout.unit, 6) * 180000 // (110 - quality)


def _enlarged(rows, scale, i, j):
    """Return the 8x8 bitmap of tile (i, j) of a glyph drawn `scale` times as large."""
    bitmap = bytearray(8)
    for y in range(8):
        source = rows[(8 * i + y) // scale]
        for x in range(8):
            if source << (8 * j + x) // scale & 0x80:
                bitmap[y] |= 0x80 >> x
    return bytes(bitmap)
