"""Pictures for many viewers: one capture fans out to all of them.

Theory of operation
===================

    driver ──poll(), capture()──> Frames ──one copy──> Part ──shared──> Viewer, Viewer ... ──> Wire

Pictures are pulled. A viewer that has sent its part asks for the next one, and that request alone has a
picture taken: nothing is captured that nobody takes. The first request starts the producer, a task that ends
with the last viewer. It waits until the fastest viewer's next picture is due and somebody is waiting.
/api/capture takes a picture of its own by the same steps; whoever watches gets that one too.

Whoever waits is offered the new picture on the spot. If the network keeps up, the socket's buffer takes all
of it, and the viewer goes on waiting: to wake its task would cost more than the sending. Only what is left
over wakes that task, which then waits for the client.

The driver is polled. A picture may need hundreds of milliseconds of work (the test card draws) or of waiting
(a sensor). poll() does a step and says in how many milliseconds to come back; None means that capture() will
not wait. Between two polls every other task runs. Nothing waits between capture() and release(), so two
pictures never overlap, even when a still and a stream want one at the same time.

The driver may use its buffer again at its next capture, while a slow viewer still sends the picture. So each
picture is copied, once, with the part's headers in front of it, into a Part. All viewers send from this one
buffer; Part.users counts them, and a Part is filled again only when nobody sends from it. To hold the next
capture back instead would save the copy, and let the slowest viewer set the pace for all.

There is no queue. A viewer that comes back late waits for the next picture, and has missed those between.
So a slow viewer drops frames and costs the others nothing. What it sees is late by one picture at most, and
by what the system's socket buffer holds, which the transport bounds. Who asks just after a capture gets
that picture, `latest`, if it is newer than the fastest viewer's interval; it would otherwise get every
second picture only. Each viewer has a pace of its own besides (fps). Who wants most pictures asks at once and
leaves the waiting to the producer, which keeps the same pace; who wants fewer asks when its own comes round.

A sensor that gives no picture, or a driver or heap that fails, ends no stream. The failure is counted and
kept in words for /api/status, and the next attempt comes after 100 ms, then 200, up to 2 s. Every 2 s all who
wait are woken without a new picture. They send their last part again, or a line break if there was none: that
is how the camera notices viewers that have gone, and how nothing on the way takes the stream for dead. With
the next picture all goes on as before.

What allocates: a viewer its object, its clock and its task; a Part when one more is needed, so at most one
more than there are viewers, and again for a picture that has outgrown it; a frame one view of its buffer and
two slices, however many viewers there are, and asyncio an entry whenever a viewer's socket is full. close()
allocates nothing, so that a full heap keeps no slot. All Parts go with the last viewer.

Who waits for what: a Viewer for a picture or its own pace, the producer for `demand` or the pace of all, the
Wire for the client's socket. limits.stream_viewers bounds the viewers; api.py tells one too many.
"""

import asyncio

from strict.compat import const

from .http.clock import Clock, Pace, sleep_ms, ticks_add, ticks_diff, ticks_ms
from .http.waits import until_set
from .limits import Limits
from .part import Part
from .viewer import Viewer

_BACK_OFF_MS = const((100, 2000))  # first, longest wait after a failed capture
_NO_MEMORY = const("no memory for the picture; choose a smaller frame_size or quality")
_REPEAT_MS = const(2000)  # a stalled stream says something this often, so that gone viewers are noticed


class Busy(Exception):
    """Every stream slot is taken."""


class CaptureFailed(Exception):
    """The camera gave no picture; args[0] says why in words (str). A driver may raise it too."""


_FAILURES = (OSError, CaptureFailed, MemoryError)  # made once, as in the listener


class Frames:
    """The camera's pictures, numbered from 1. Owned by the camera server.

    camera: the driver. limits: Limits, of which stream_viewers and stream_fps count here.

    Timestamps are seconds since the camera server started, as text with three decimals
    ("12.345"): no setting of the date moves them.

    Counters (int): frames captured, failures of capture(), asked: stills and streams that were begun; `error`
    is the last failure in words, None after a success. For Viewers: latest (Part, None without one), fastest
    (int, the most pictures a second that one of them wants).
    """

    def __init__(self, camera, limits=None):
        limits = limits or Limits()
        self.frames = 0
        self.failures = 0
        self.asked = 0
        self.error = None
        self.slots = limits.stream_viewers
        self._camera = camera
        self._fps = limits.stream_fps
        self._clock = Clock()
        self._viewers = []
        self.fastest = 1
        self._stills = 0
        self._parts = []
        self.latest = None
        self._producer = None
        self._time_ms = 0
        self._demand = asyncio.Event()

    @property
    def viewers(self):
        """How many streams run now (int)."""
        return len(self._viewers)

    @property
    def askers(self):
        """How many want pictures now: streams, and stills that are being taken (int)."""
        return len(self._viewers) + self._stills

    def viewer(self, fps=None, token=None):
        """Return a new stream (Viewer) of at most `fps` (int, 1 to 60) pictures a second.

        token: who watches, for end().

        Raise Busy if all slots are taken. The slot itself is taken when the stream starts to be
        read, so that an answer that is never sent takes none.
        """
        if len(self._viewers) >= self.slots:
            raise Busy
        return Viewer(self, min(fps or self._fps, self._fps), token)

    def end(self, is_over):
        """End the streams for whose token `is_over` is true."""
        for viewer in self._viewers:
            viewer.is_over = is_over(viewer.token)
        self._wake()

    async def capture(self):
        """Take one picture: (jpeg bytes, frame id int, timestamp str). Viewers get it as well.

        Raise CaptureFailed.
        """
        self.asked += 1
        self._stills += 1
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
        finally:
            self._stills -= 1

    def _take(self):
        """Return the picture of a camera whose poll() gives None.

        Two captures never overlap, since nothing waits between this and the release.
        """
        jpeg = self._camera.capture()
        if not jpeg:
            raise CaptureFailed("the camera gave no picture in time")
        self._time_ms = self._clock.read_ms()
        self.frames += 1
        self.error = None
        return jpeg

    def _note(self, error):
        """Count a failure. A full heap's allocates nothing."""
        self.failures += 1
        if isinstance(error, MemoryError):
            self.error = _NO_MEMORY
        elif isinstance(error, CaptureFailed):
            self.error = error.args[0]
        else:
            self.error = ("the camera reports " if isinstance(error, OSError) else "") + repr(error)

    def _publish(self, jpeg):
        """Give the viewers that there are a copy of `jpeg`; without any, none is made or kept."""
        if not self._viewers:
            return
        part = self.latest  # as a rule all have sent it when the next one comes
        if part is None or part.users:
            part = self._free_part()
        self.latest = None  # it may be this one, and filling it may fail
        part.fill(self.frames, self._time_ms, jpeg)
        self.latest = part
        for viewer in self._viewers:
            viewer.offer(part)

    def _show(self):
        """Take a picture for the viewers."""
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
            viewer.wake()

    def _is_wanted(self):
        for viewer in self._viewers:
            if viewer.is_waiting:
                return True
        return False

    async def _produce(self):
        """Take pictures as long as there are viewers; the next one that asks starts it again."""
        try:
            await self._serve_viewers()
        finally:
            self._producer = None
            self._wake()

    async def _serve_viewers(self):
        """Capture while somebody waits for a picture; end with the last viewer."""
        pace = Pace()
        silent_since = pace.due
        back_off_ms = _BACK_OFF_MS[0]
        while self._viewers:
            if not self._is_wanted():
                self._demand.clear()
                await until_set(self._demand)
            elif (wait_ms := pace.wait_ms()) > 0:
                await sleep_ms(wait_ms)
            else:
                now = ticks_ms()
                try:
                    # A driver that waited, or worked for long, would hold up every other task.
                    while (wait_ms := self._camera.poll()) is not None:
                        await sleep_ms(wait_ms)
                    self._show()
                    pace.step(self.fastest)
                    silent_since = now
                    back_off_ms = _BACK_OFF_MS[0]
                except Exception as error:  # a stream outlives whatever a driver or the heap does
                    self._note(error)
                    pace.due = ticks_add(now, back_off_ms)
                    back_off_ms = min(2 * back_off_ms, _BACK_OFF_MS[1])
                    if ticks_diff(now, silent_since) >= _REPEAT_MS:
                        silent_since = now
                        self._wake()
                await sleep_ms(max(0, pace.wait_ms()))

    def enter(self, viewer):
        """Give `viewer` a slot; return whether there was one."""
        if len(self._viewers) >= self.slots:
            return False
        self.asked += 1
        self._viewers.append(viewer)
        self.fastest = max(self.fastest, viewer.fps)
        return True

    def latest_for(self, viewer):
        """Return the last picture for a viewer that asks now, None if it has to wait for the next one.

        Without this a viewer that asks just after each capture gets every second one.
        """
        latest = self.latest
        if latest is None or latest.number == viewer.number:
            return None
        return latest if ticks_diff(ticks_ms(), latest.made) < 1000 // self.fastest else None

    def ask(self, viewer):
        """Have a picture taken for `viewer`, which gets it by its offer()."""
        viewer.is_waiting = True
        if not self._demand.is_set():
            self._demand.set()
        if self._producer is None:
            self._producer = asyncio.create_task(self._produce())

    def leave(self, viewer):
        """Take the slot of `viewer` back; with the last one, all buffers go."""
        self._viewers.remove(viewer)
        self.fastest = 1
        for each in self._viewers:
            self.fastest = max(self.fastest, each.fps)
        self._demand.set()
        if not self._viewers:
            self.latest = None
            while self._parts:  # a new list would need memory
                self._parts.pop()
