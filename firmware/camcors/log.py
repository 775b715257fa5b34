"""What the camera says: kept in a ring, which `camcors logs` shows, and printed on the console.

A board's console is its REPL. Nothing is printed there while a program has it, since a line of ours in the
middle of an answer would break the program; it waits until the program has left.
"""

import _thread
import gc
import io
import os

from strict.compat import const

from . import repl
from .http.clock import Clock

try:
    from sys import print_exception
except ImportError:  # CPython
    from traceback import print_exception as _print_exception

    def print_exception(error, file):
        """Write `error` and its traceback to `file`."""
        _print_exception(type(error), error, error.__traceback__, file=file)


_SIZE = const(4096)  # some fifty lines
_SMALL_SIZE = const(2048)  # where less than this is free at the start
_SMALL = const(250000)
_LINE_MAX = const(400)  # characters
_NEWLINE = const(10)
_SPACE = const(32)


class Ring:
    """The last lines in a buffer that is made once. Whole lines give way, the oldest first.

    start, end: where the oldest byte is and where the next one goes (int), counted from the first byte ever.
    """

    def __init__(self, size):
        self._view = memoryview(bytearray(size))
        self.start = 0
        self.end = 0

    def add(self, line):
        """Append `line` (bytes, no longer than the ring, with a newline at its end)."""
        used = self.end - self.start
        gone = 0
        while used - gone + len(line) > len(self._view):
            gone = self._after_line(gone)
        if gone:
            self._view[: used - gone] = self._view[gone:used]
            self.start += gone
            used -= gone
        self._view[used : used + len(line)] = line
        self.end += len(line)

    def line_at(self, position):
        """Return the line (memoryview, with its newline) that begins at `position` and is still there."""
        index = position - self.start
        return self._view[index : self._after_line(index)]

    def read(self, position, count):
        """Return (position, bytes): up to `count` of those from `position` on, or from the oldest if that is
        gone, or is another run's."""
        if not self.start <= position <= self.end:
            position = self.start
        index = position - self.start
        return position, bytes(self._view[index : min(index + count, self.end - self.start)])

    def _after_line(self, index):
        view = self._view
        while view[index] != _NEWLINE:
            index += 1
        return index + 1


class Log:
    """Owned by the camera; any thread may call it. A line allocates its text, and a few views.

    In the ring, a line begins with the seconds since the start. run: a number of this start (int).
    """

    def __init__(self, size):
        self.run = int.from_bytes(os.urandom(3), "big")
        self._ring = Ring(size)
        self._lock = _thread.allocate_lock()
        self._clock = Clock()
        self._printed = 0  # up to where

    def say(self, text):
        """Keep and print `text` (str) line by line. Raises MemoryError."""
        for line in text.split("\n"):
            if len(line) > _LINE_MAX:
                line = line[:_LINE_MAX] + "..."
            with self._lock:
                data = (str(self._clock.read_ms() // 1000) + " " + line + "\n").encode()
                self._ring.add(data)
            repl.echo(_text_of(memoryview(data)))
        self.flush()

    def say_exception(self, error):
        """Keep and print an exception that nobody has caught, with its traceback. Raises nothing."""
        try:
            text = io.StringIO()
            print_exception(error, text)
            self.say(text.getvalue().rstrip())
        except MemoryError:
            pass  # the server counts what failed

    def flush(self):
        """Print what has waited, if no program has the REPL. Called now and then."""
        ring = self._ring
        with self._lock:
            self._printed = max(self._printed, ring.start)
            while self._printed < ring.end:
                line = ring.line_at(self._printed)
                if not repl.say(_text_of(line)):
                    return
                self._printed += len(line)

    def read(self, position, count):
        """As Ring.read."""
        with self._lock:
            return self._ring.read(position, count)


def _text_of(line):
    """Return what is printed of a line of the ring (memoryview): not its seconds, nor its newline."""
    index = 0
    while line[index] != _SPACE:
        index += 1
    return line[index + 1 : -1]


def print_secret(text):
    """Print `text` (str) and keep it nowhere; return whether it could be printed."""
    if not repl.is_known:
        print(text)  # else nobody would ever learn it
        return True
    data = text.encode()
    repl.echo(data)
    return repl.say(data)


def _free():
    return gc.mem_free() if hasattr(gc, "mem_free") else _SMALL + 1  # CPython's has no such figure


#: The camera's.
log = Log(_SIZE if _free() > _SMALL else _SMALL_SIZE)
