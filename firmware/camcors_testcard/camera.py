"""The camera of the HOST board: a moving test picture instead of a sensor."""

import time

from camcors.standby import DEFAULT_S
from camcors.stream import CaptureFailed
from strict import field as kinds
from strict.compat import const

from .fields import FIELDS, FRAME_SIZES

_SMALLER = const("no memory for a picture of {}; choose the frame_size {}")
_NONE = const("no memory for a picture of {}; there is none for a smaller one")


def _milliseconds():
    return time.time_ns() // 1000000


class Camera:
    """A camera that draws. Whoever makes it owns it; it allocates at the first poll() or capture().

    The picture's caches and the frame buffer are made again when a field changes and are
    dropped by deinit().

    is_standby: whether it rests until the next poll().
    """

    name = "test card"

    #: Why there are no pictures, in words, or None. A sensor may be missing; a test card never is.
    error = None

    is_standby = False

    #: field -> (kind, limit); validation and the ranges that the API prints come from here.
    FIELDS = FIELDS

    def __init__(self):
        self._settings = {
            "frame_size": "VGA",
            "quality": 80,
            "hmirror": False,
            "vflip": False,
            "brightness": 0,
            "contrast": 0,
            "standby_s": DEFAULT_S,
        }
        self._card = None
        self._drawing = None
        self._is_stale = False  # whether the card is one of other settings
        self._too_large = None  # the settings that had no room, and in words what has
        self._led = 0
        self._number = 0
        self._started_ms = None

    def start(self, wished):
        """Power it up and set the fields in `wished` (dict, good ones) -> faults (list of str)."""
        for field, value in wished.items():
            self.set(field, value)
        return []

    def get(self, field):
        """Return the field's value. Raises KeyError for a field that is not in FIELDS."""
        return self._settings[field]

    def set(self, field, value):
        """Change a field, in force at the next capture(), or the one after if a picture is being drawn.

        Raises KeyError for a field that is not in FIELDS, ValueError for a value that it
        does not accept.
        """
        kind, limit = self.FIELDS[field]
        if kinds.check(kind, limit, value):
            raise ValueError("{} must be {}".format(field, kinds.describe(kind, limit)))
        if self._settings[field] != value:
            self._settings[field] = value
            if field != "standby_s":
                # What is begun is finished: settings that change faster than a card is made must not starve
                # those who wait for a picture.
                self._is_stale = True

    def settings(self):
        """Return a new dict, field -> current value."""
        return dict(self._settings)

    @property
    def standby_s(self):
        """After how many seconds without anybody who wants a picture it rests (int), 0 for never."""
        return self._settings["standby_s"]

    @property
    def led(self):
        """The lamp's level in percent, 0 (off) to 100; ValueError for anything else."""
        return self._led

    @led.setter
    def led(self, percent):
        if kinds.check("int", (0, 100), percent):
            raise ValueError("led must be " + kinds.describe("int", (0, 100)))
        self._led = percent

    def poll(self):
        """Work on the next picture for a moment -> milliseconds (int) until the next call is of use, or
        None if capture() will not wait: the picture is there, or waiting for one is of no use.

        Raise CaptureFailed that names the largest frame size which has room, if this one has none.
        """
        self.is_standby = False
        try:
            if self._drawing is None:
                self._drawing = self._begin()
            for _ in self._drawing:
                return 0
        except MemoryError:
            self.deinit()  # half a card is of no use
            self._drawing = self._refuse()
            return 0
        except Exception:
            self.deinit()
            raise
        return None

    def capture(self):
        """Return the next frame: one JPEG in a memoryview that is valid until release() or the next
        capture().

        A driver over a sensor gives None after its time-out, or raises OSError or CaptureFailed.
        """
        while self.poll() is not None:
            pass
        self._drawing = None
        self._number += 1
        return self._card.join()

    def release(self):
        """Say that the last picture has been copied; a sensor may use its buffer again."""

    def stand_by(self):
        """Rest until the next poll(); what is half drawn is of no use by then."""
        if not self.is_standby:
            self.deinit()
            self.is_standby = True

    def deinit(self):
        """Free the caches and the frame buffer; a later poll() makes them again."""
        self._card = self._drawing = None

    def _begin(self):
        """Return the drawing of the next frame, as it is at this moment."""
        if self._card is None or self._is_stale:
            self._card = None  # its memory is the new one's
            self._card = self._make_card(self._settings["frame_size"])
            self._is_stale = False
        now_ms = _milliseconds()
        if self._started_ms is None:
            self._started_ms = now_ms
        return self._card.draw(self._number, max(0, now_ms - self._started_ms), self._led)

    def _refuse(self):
        """Raise CaptureFailed, after drawing smaller pictures, in steps, until one has room."""
        settings = self.settings()
        if self._too_large is None or self._too_large[0] != settings:
            largest = yield from self._find_smaller(settings["frame_size"])
            words = _SMALLER if largest else _NONE
            self._too_large = settings, words.format(settings["frame_size"], largest)
        raise CaptureFailed(self._too_large[1])

    def _find_smaller(self, size):
        """Return the largest frame size below `size` that can be drawn and copied, None without any."""
        for name, _ in reversed(FRAME_SIZES[: [name for name, _ in FRAME_SIZES].index(size)]):
            try:
                card = self._make_card(name)
                yield from card.draw(0, 0, self._led)
                bytes(card.join())
                return name
            except MemoryError:
                card = None  # its memory is the next one's
        return None

    def _make_card(self, frame_size):
        # Only now: its modules take as much of the heap as a small picture.
        from .card import TestCard

        settings = self._settings
        width, height = dict(FRAME_SIZES)[frame_size]
        return TestCard(
            width,
            height,
            settings["quality"],
            hmirror=settings["hmirror"],
            vflip=settings["vflip"],
            brightness=settings["brightness"],
            contrast=settings["contrast"],
        )
