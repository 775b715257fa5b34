"""One viewer of the camera's pictures; stream.py says how they get here."""

import asyncio

from .http.clock import Pace, sleep_ms
from .http.waits import until_set


class Viewer:
    """One stream: the parts of multipart/x-mixed-replace (RFC 2046), one after the other.

    enter() begins it, next_part() gives a part or has until_next() awaited, close() ends it. While it waits,
    Frames calls offer() with each new picture. Not an async iterator, whose coroutines would be garbage of
    every frame: between two parts nothing is allocated.

    fps: pictures a second at most (int). token: who watches (access.document.Token, None for anyone).
    number: the last part's picture. is_waiting: whether a picture is asked for and not there yet.
    is_over: whether the stream shall end; set by Frames.
    """

    def __init__(self, frames, fps, token):
        self.fps = fps
        self.token = token
        self.is_waiting = False
        self.is_over = False
        self.number = 0
        self._frames = frames
        self._part = None
        self._is_in = False
        self._has_asked = False
        self._send = self._pace = self._ready = None

    def enter(self, send):
        """Take a slot; return whether there was one.

        send: called with a part (memoryview) the moment it is made; returns whether all of it has gone
        (bool). If not, next_part() gives it.
        """
        self._is_in = self._frames.enter(self)
        self._send = send
        self._pace = Pace()
        self._ready = asyncio.Event()
        return self._is_in

    def next_part(self):
        """Return the next part if it is there, else None: await until_next(), and call this again.

        A part is headers and JPEG (memoryview), intact until the next call. A stalled camera's last part is
        repeated, or a line break (bytes) given before the first. Nothing (b"") ends the stream.
        """
        if self._has_asked and self.is_waiting:
            return None
        if self._has_asked and self._part is not None:  # what offer() could not send
            self._has_asked = False
            return self._part.view
        self._release()
        if self.is_over:
            return b""
        if self._has_asked:
            self._has_asked = False
            self._pace.step(self.fps)
            return self._take(self._frames.latest)
        if self._rests():
            return None
        part = self._frames.latest_for(self)
        if part is None or not self._pace.step(self.fps):
            self._frames.ask(self)
            self._has_asked = True
            return None
        return self._take(part)

    def until_next(self):
        """Return an awaitable, for at once, that ends when next_part() may have a part."""
        if self._has_asked:
            return until_set(self._ready)
        return sleep_ms(max(0, self._pace.wait_ms()))

    def offer(self, part):
        """Send `part` (Part), just made, if it is waited for. If all of it goes at once, the task sleeps on.

        Pictures that come an interval before their time are passed over, as those of many /api/capture may.
        """
        if not self.is_waiting or not self._pace.step(self.fps):
            return
        self.number = part.number
        if not self._send(part.view):
            self._part = part
            part.users += 1
            self.wake()

    def wake(self):
        """End the wait for a picture."""
        self.is_waiting = False
        self._ready.set()
        self._ready.clear()

    def _rests(self):
        """Return whether it wants fewer pictures than others do, and none yet. Who wants most asks at once,
        since the producer keeps the same pace."""
        return self.fps < self._frames.fastest and self._pace.wait_ms() > 0

    def _take(self, part):
        if part is None:
            return b"\r\n"
        self._part = part
        part.users += 1
        self.number = part.number
        return part.view

    def _release(self):
        if self._part is not None:
            self._part.users -= 1
            self._part = None

    def close(self):
        """Give the slot and the picture back; do nothing the second time.

        It allocates nothing, so that a full heap keeps no slot.
        """
        self._release()
        if self._is_in:
            self._is_in = False
            self._frames.leave(self)
