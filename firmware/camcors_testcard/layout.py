"""Where the parts of the test card are, and the way of its ball."""


def bounce(number, span):
    """Return the place 0..span at step `number` of a walk to and fro."""
    if span <= 0:
        return 0
    place = number % (2 * span)
    return place if place <= span else 2 * span - place


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
