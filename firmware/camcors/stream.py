"""Pictures for many viewers: one capture fans out to all of them."""

import asyncio

from .http.clock import Clock, Pace
from .http.waits import until_set
from .limits import Limits, sleep_ms, ticks_add, ticks_diff, ticks_ms
from .part import Part

_BACK_OFF_MS = (100, 2000)  # first, longest wait after a failed capture
_NO_MEMORY = "no memory for the picture; choose a smaller frame_size or quality"
_REPEAT_MS = 2000  # a stalled stream says something this often, so that gone viewers are noticed


class Busy(Exception):
    """Every stream slot is taken."""


class CaptureFailed(Exception):
    """The camera gave no picture; args[0] says why in words (str). A driver may raise it too."""


_FAILURES = (OSError, CaptureFailed, MemoryError)  # made once, as in the listener


class Frames:
    """The camera's pictures, numbered from 1. Owned by the camera server.

    camera: the driver. limits: Limits, of which stream_viewers and stream_fps count here.

    The driver may use its buffer again at the next capture, while a slow viewer still sends the
    picture. So each capture is copied once, into a buffer that stays untouched while anybody
    sends from it; holding the next capture back instead would save the copy and let the slowest
    viewer set the pace for all. The buffers are used again: at most one more than there are
    viewers, dropped with the last one. A frame allocates one view of its buffer and two slices,
    however many viewers there are, and asyncio an entry whenever a viewer's socket is full.

    A capture happens when a viewer waits for one, so nothing is captured that nobody takes. A
    viewer gets the next picture, or the last one if it is newer than the time between two.

    Timestamps are seconds since the camera server started, as text with three decimals
    ("12.345"): no setting of the date moves them.

    Counters (int): frames captured, failures of capture(); `error` is the last failure in words,
    None after a success.
    """

    def __init__(self, camera, limits=None):
        limits = limits or Limits()
        self.frames = 0
        self.failures = 0
        self.error = None
        self.slots = limits.stream_viewers
        self._camera = camera
        self._fps = limits.stream_fps
        self._clock = Clock()
        self._viewers = []
        self._parts = []
        self._latest = None
        self._producer = None
        self._time_ms = 0
        self._demand = asyncio.Event()
        self._ready = asyncio.Event()

    @property
    def viewers(self):
        """How many streams run now (int)."""
        return len(self._viewers)

    def viewer(self, fps=None):
        """A new stream (Viewer) of at most `fps` (int, 1 to 60) pictures a second.

        Raises Busy if all slots are taken. The slot itself is taken when the stream starts to be
        read, so that an answer that is never sent takes none.
        """
        if len(self._viewers) >= self.slots:
            raise Busy
        return Viewer(self, min(fps or self._fps, self._fps))

    async def capture(self):
        """Takes one picture: (jpeg bytes, frame id int, timestamp str). Viewers get it as well.

        Raises CaptureFailed.
        """
        try:
            while (wait_ms := self._camera.poll()) is not None:
                await sleep_ms(wait_ms)
            jpeg = self._take()
            try:
                self._publish(jpeg)
                stamp = "{}.{:03d}".format(self._time_ms // 1000, self._time_ms % 1000)
                return bytes(jpeg), self.frames, stamp
            finally:
                self._camera.release()
        except _FAILURES as error:
            self._note(error)
            raise CaptureFailed(self.error)

    def _take(self):
        """The picture of a camera whose poll() gives None. Two captures never overlap, since nothing waits
        between this and the release."""
        jpeg = self._camera.capture()
        if not jpeg:
            raise CaptureFailed("the camera gave no picture in time")
        self._time_ms = self._clock.read_ms()
        self.frames += 1
        self.error = None
        return jpeg

    def _note(self, error):
        """Counts a failure. A full heap's allocates nothing."""
        self.failures += 1
        if isinstance(error, MemoryError):
            self.error = _NO_MEMORY
        elif isinstance(error, CaptureFailed):
            self.error = error.args[0]
        else:
            self.error = ("the camera reports " if isinstance(error, OSError) else "") + repr(error)

    def _publish(self, jpeg):
        """Gives the viewers that there are a copy of `jpeg`; without any, none is made or kept."""
        if not self._viewers:
            return
        part = self._free_part()
        self._latest = None  # it may be this one, and filling it may fail
        part.fill(self.frames, self._time_ms, jpeg)
        self._latest = part
        self._wake()

    def _show(self):
        """Takes a picture for the viewers."""
        jpeg = self._take()
        try:
            self._publish(jpeg)
        finally:
            self._camera.release()

    def _free_part(self):
        for part in self._parts:
            if not part.users:
                return part
        part = Part()
        self._parts.append(part)
        return part

    def _wake(self):
        for viewer in self._viewers:
            viewer.is_waiting = False
        self._ready.set()
        self._ready.clear()

    def _is_wanted(self):
        for viewer in self._viewers:
            if viewer.is_waiting:
                return True
        return False

    async def _produce(self):
        """Takes pictures as long as there are viewers; the next one that asks starts it again."""
        try:
            await self._serve_viewers()
        finally:
            self._producer = None
            self._wake()

    async def _serve_viewers(self):
        """Captures while somebody waits for a picture; ends with the last viewer."""
        pace = Pace()
        silent_since = pace.due
        back_off_ms = _BACK_OFF_MS[0]
        while self._viewers:
            wait_ms = pace.wait_ms()
            if wait_ms > 0:
                await sleep_ms(wait_ms)
            elif not self._is_wanted():
                self._demand.clear()
                await until_set(self._demand)
            else:
                now = ticks_ms()
                try:
                    # A driver that waited, or worked for long, would hold up every other task.
                    while (wait_ms := self._camera.poll()) is not None:
                        await sleep_ms(wait_ms)
                    self._show()
                    pace.step(self._fastest())
                    silent_since = now
                    back_off_ms = _BACK_OFF_MS[0]
                except Exception as error:  # a stream outlives whatever a driver or the heap does
                    self._note(error)
                    pace.due = ticks_add(now, back_off_ms)
                    back_off_ms = min(2 * back_off_ms, _BACK_OFF_MS[1])
                    if ticks_diff(now, silent_since) >= _REPEAT_MS:
                        silent_since = now
                        self._wake()
                await sleep_ms(0)

    def _fastest(self):
        fastest = 1
        for viewer in self._viewers:
            fastest = max(fastest, viewer.fps)
        return fastest

    def _enter(self, viewer):
        if len(self._viewers) >= self.slots:
            return False
        self._viewers.append(viewer)
        return True

    def _take_latest(self, viewer):
        """The last picture for a viewer that asks now, or None if it has to wait for the next one.

        Without this a viewer that asks just after each capture gets every second one.
        """
        latest = self._latest
        if latest is None or latest.number == viewer.number:
            return None
        return latest if ticks_diff(ticks_ms(), latest.made) < 1000 // self._fastest() else None

    def _ask(self, viewer):
        """Has a picture taken for `viewer`; ready is set when it is there."""
        viewer.is_waiting = True
        self._demand.set()
        if self._producer is None:
            self._producer = asyncio.create_task(self._produce())

    def _leave(self, viewer):
        self._viewers.remove(viewer)
        self._demand.set()
        if not self._viewers:
            self._latest = None
            while self._parts:  # a new list would need memory
                self._parts.pop()


class Viewer:
    """One stream: the parts of multipart/x-mixed-replace (RFC 2046), one after the other.

    enter() begins it, next_part() gives a part or has until_next() awaited, close() ends it. Not an async
    iterator, whose coroutines would be garbage of every frame: between two parts nothing is allocated.

    fps: pictures a second at most (int). number: the last part's picture. is_waiting: whether a picture is
    asked for and not there yet; set to False by Frames.
    """

    def __init__(self, frames, fps):
        self.fps = fps
        self.is_waiting = False
        self.number = 0
        self._frames = frames
        self._part = None
        self._is_in = False
        self._has_asked = False
        self._pace = None

    def enter(self):
        """Takes a slot -> whether there was one."""
        self._is_in = self._frames._enter(self)
        self._pace = Pace()
        return self._is_in

    def next_part(self):
        """The next part if it is there, else None: await until_next(), and call this again.

        A part is headers and JPEG (memoryview), intact until the next call. A stalled camera's last part is
        repeated, or a line break (bytes) given before the first.
        """
        self._release()
        if self._has_asked:
            if self.is_waiting:
                return None
            self._has_asked = False
            part = self._frames._latest
        elif self._pace.wait_ms() > 0:
            return None
        else:
            part = self._frames._take_latest(self)
            if part is None:
                self._frames._ask(self)
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
        """Awaitable, at once, that ends when next_part() may have a part."""
        if self._has_asked:
            return until_set(self._frames._ready)
        return sleep_ms(max(0, self._pace.wait_ms()))

    def _release(self):
        if self._part is not None:
            self._part.users -= 1
            self._part = None

    def close(self):
        """Gives the slot and the picture back; does nothing the second time.

        Allocates nothing, so that a full heap keeps no slot.
        """
        self._release()
        if self._is_in:
            self._is_in = False
            self._frames._leave(self)
