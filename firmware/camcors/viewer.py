"""One viewer of the camera's pictures; stream.py says how they get here."""

from .http.clock import Pace, sleep_ms
from .http.waits import until_set


class Viewer:
    """One stream: the parts of multipart/x-mixed-replace (RFC 2046), one after the other.

    enter() begins it, next_part() gives a part or has until_next() awaited, close() ends it. Not an async
    iterator, whose coroutines would be garbage of every frame: between two parts nothing is allocated.

    fps: pictures a second at most (int). token: who watches (access.document.Token, None for anyone). number:
    the last part's picture. is_waiting: whether a picture is asked for and not there yet; set to False by
    Frames. is_over: whether the stream shall end; set by Frames.
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
        self._pace = None

    def enter(self):
        """Take a slot; return whether there was one."""
        self._is_in = self._frames.enter(self)
        self._pace = Pace()
        return self._is_in

    def next_part(self):
        """Return the next part if it is there, else None: await until_next(), and call this again.

        A part is headers and JPEG (memoryview), intact until the next call. A stalled camera's last part is
        repeated, or a line break (bytes) given before the first. Nothing (b"") ends the stream.
        """
        self._release()
        if self.is_over:
            return b""
        if self._has_asked:
            if self.is_waiting:
                return None
            self._has_asked = False
            part = self._frames.latest
        elif self._pace.wait_ms() > 0:
            return None
        else:
            part = self._frames.latest_for(self)
            if part is None:
                self._frames.ask(self)
                self._has_asked = True
                return None
        self._pace.step(self.fps)
        if part is None:
            return b"\r\n"
        self._part = part
        part.users += 1
        self.number = part.number
        return part.view

    def until_next(self):
        """Return an awaitable, for at once, that ends when next_part() may have a part."""
        if self._has_asked:
            return until_set(self._frames.ready)
        return sleep_ms(max(0, self._pace.wait_ms()))

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
