"""The drawn parts of the test card: rings, ball and lamp, each a square of 8x8 tiles.

A symbol is layers of colour. A layer's share at a place is 0 (nothing) to 256 (this colour only);
x and y are half pixels from the centre, `size` is the symbol's in pixels, `level` 0 to 100.
"""

PANEL = (18, 22, 30)
FIELD = (24, 42, 66)
_BALL = (255, 112, 48)
_LAMP_OFF = (58, 60, 66)
_LAMP_ON = (255, 236, 120)
_SOCKET = (120, 126, 136)

# 128 + 127 * cos(k * pi / 16), for the rings.
_COSINE = (
    b"\xff\xfd\xf5\xea\xda\xc7\xb1\x99\x80\x67\x4f\x39\x26\x16\x0b\x03"
    b"\x01\x03\x0b\x16\x26\x39\x4f\x67\x80\x99\xb1\xc7\xda\xea\xf5\xfd"
)


def ring_lumas(size, row, column):
    """Tile (row, column) of a zone plate `size` pixels wide: rings that narrow outwards."""
    lumas = bytearray(64)
    for k in range(64):
        x, y = from_centre(size, row, column, k)
        lumas[k] = _COSINE[2 * (x * x + y * y) // size & 31]
    return lumas


def blend(plane, at, value, share):
    plane[at] += (value - plane[at]) * share >> 8


def from_centre(size, row, column, k):
    """(x, y) in half pixels from the centre of a square to pixel `k` of its tile (row, column)."""
    return 16 * column + 2 * (k & 7) + 1 - size, 16 * row + 2 * (k >> 3) + 1 - size


def _limited(share):
    return min(256, max(0, share))


def _everywhere(x, y, size, level):
    return 256


def _disc(x, y, radius):
    """Return the share of a disc with a smooth edge."""
    return _limited(128 + (radius * radius - x * x - y * y) * 64 // radius)


def _ball_away(x, y, size):
    """Return the square of the distance from the highlight, 256 for the ball's diameter."""
    x += size // 3
    y += size // 3
    return (x * x + y * y) * 256 // (size * size)


def _ball_body(x, y, size, level):
    return _limited(_ball_away(x, y, size) * 7 // 2)


def _ball_shade(x, y, size, level):
    return _limited((_ball_away(x, y, size) - 64) * 19 // 32)


def _ball_outside(x, y, size, level):
    return 256 - _disc(x, y, size - 1)


def _bulb(x, y, size, level):
    return _disc(x, y + size * 3 // 16, size * 11 // 16)


def _bulb_light(x, y, size, level):
    return _bulb(x, y, size, level) * (20 + 80 * level // 100) // 100 if level else 0


def _bulb_glow(x, y, size, level):
    y += size * 3 // 16
    return _limited(256 - (x * x + y * y) * 320 // (size * size)) * level // 160


def _socket(x, y, size, level):
    return 256 if abs(x) * 4 < size and size * 5 // 16 < y < size * 15 // 16 else 0


def _thread(x, y, size, level):
    return _socket(x, y, size, level) if (y + size) * 10 // size & 1 else 0


BALL_LAYERS = (
    ((255, 244, 214), _everywhere),
    (_BALL, _ball_body),
    ((112, 20, 30), _ball_shade),
    (FIELD, _ball_outside),
)
LAMP_LAYERS = (
    (PANEL, _everywhere),
    (_LAMP_ON, _bulb_glow),
    (_LAMP_OFF, _socket),
    (_SOCKET, _thread),
    (_LAMP_OFF, _bulb),
    (_LAMP_ON, _bulb_light),
)
