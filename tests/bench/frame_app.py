"""Runs in the camera's MicroPython: this firmware's streams, of pictures that cost nothing to take.

usage: camcors-host tests/bench/frame_app.py PORT VIEWERS FRAMES BYTES FPS. Prints "ready" once it listens,
and begins when so many viewers watch. After so many frames it prints what the processor has spent on them, in
seconds, and ends. A picture begins with the time of its taking, nanoseconds in eight bytes.

frame_floor.c does the same in C.
"""

import asyncio
import sys
import time
from struct import pack_into

from camcors.http.server import Server
from camcors.limits import Limits
from camcors.part import BOUNDARY
from camcors.stream import Frames
from microdot import Microdot, Response

_TYPE = {"Content-Type": "multipart/x-mixed-replace; boundary=" + BOUNDARY, "Cache-Control": "no-store"}
_SIZES = 8  # pictures are BYTES long at most, as those of a sensor differ
_STEP = 137  # bytes
_GOODBYE_MS = 200  # for the last picture to leave


class Camera:
    """Its driver: a picture at once, until there were enough."""

    def __init__(self, viewers, frames, size):
        self.frames = None
        self.is_done = asyncio.Event()
        self.began = 0
        self._viewers = viewers
        self._left = frames
        self._picture = bytearray(size)
        whole = memoryview(self._picture)
        self._views = [whole[: size - number * _STEP] for number in range(_SIZES)]

    def poll(self):
        if not self._left:
            self.is_done.set()
            return 1000
        return 1 if self.frames.viewers < self._viewers else None

    def capture(self):
        self.began = self.began or time.clock()
        self._left -= 1
        pack_into("<Q", self._picture, 0, time.time_ns())
        return self._views[self._left % _SIZES]

    def release(self):
        pass


async def main(port, viewers, frames, size, fps):
    camera = Camera(viewers, frames, size)
    limits = Limits(stream_viewers=viewers, stream_fps=fps)
    camera.frames = Frames(camera, limits)
    app = Microdot()

    @app.get("/api/stream")
    async def stream(request):
        return Response(camera.frames.viewer(), 200, _TYPE)

    await Server(app, limits).start("127.0.0.1", port)
    print("ready")
    await camera.is_done.wait()
    print(time.clock() - camera.began)
    await asyncio.sleep_ms(_GOODBYE_MS)


asyncio.run(main(*[int(text) for text in sys.argv[1:]]))
