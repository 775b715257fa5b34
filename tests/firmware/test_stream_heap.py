"""What a stream takes of MicroPython's heap, and that it ends without any."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.server import Server, on_micropython
from tests.kit.viewer import Viewer, viewing


@pytest.fixture
def device(program: Path) -> Iterator[Server]:
    """A server of its own on MicroPython, where heap can be counted."""
    with on_micropython({"write_timeout_ms": 60000}) as server:
        yield server


def heap(server: Server) -> dict[str, int]:
    return json.loads(server.request("GET", "/heap")[2])


def test_no_viewer_copies_a_frame(device: Server) -> None:
    """What the four allocate for their waits depends on how fast they read, and is far less."""
    size = 200_000
    device.set_camera(size=size)
    stop = threading.Event()
    with contextlib.ExitStack() as stack:
        viewers = [stack.enter_context(viewing(device)) for _ in range(4)]

        def watch(viewer: Viewer) -> None:
            while not stop.is_set():
                viewer.part()

        threads = [threading.Thread(target=watch, args=(viewer,)) for viewer in viewers[1:]]
        for thread in threads:
            thread.start()
        device.set_camera(mode="still")
        for _ in range(5):
            viewers[0].part()
        first = heap(device)
        for _ in range(40):
            viewers[0].part()
        last = heap(device)
        stop.set()
        for thread in threads:
            thread.join(10)
    assert last["frames"] - first["frames"] >= 30
    assert (last["used"] - first["used"]) / (last["frames"] - first["frames"]) < size / 10


FRAMES = """
import asyncio
import gc
import sys
from camcors.http.buffers import Buffers
from camcors.http.clock import sleep_ms
from camcors.http.exchange import Exchange
from camcors.http.wire import Wire
from camcors.limits import Limits
from camcors.stream import Frames


class Camera:
    picture = bytes(int(sys.argv[2]))
    count = 0
    used = [0, 0]

    def poll(self):
        return None

    def capture(self):
        self.count += 1
        if self.count == 20:
            gc.disable()
            self.used[0] = gc.mem_alloc()
        elif self.count == 70:
            self.used[1] = gc.mem_alloc()
        return self.picture

    def release(self):
        pass


class Transport:
    is_secure = False
    slice_bytes = 32768
    is_full = int(sys.argv[3])

    def bound_unsent(self):
        pass

    def send(self, data, start, size):
        return size

    def drain(self):
        return sleep_ms(0)


async def main():
    camera = Camera()
    frames = Frames(camera, Limits(stream_fps=60))
    for _ in range(int(sys.argv[1])):
        wire = Wire(Transport(), Exchange(Limits(), None, Buffers()))
        asyncio.create_task(wire.send_pieces(frames.viewer()))
    while not camera.used[1]:
        await sleep_ms(10)
    print((camera.used[1] - camera.used[0]) / 50)


asyncio.run(main())
"""


@pytest.mark.parametrize("viewers", [1, 4])
@pytest.mark.parametrize("size", [3000, 50_000])
@pytest.mark.parametrize("is_full", [0, 1])
def test_heap_of_a_frame(program: Path, tmp_path: Path, viewers: int, size: int, is_full: int) -> None:
    """A frame's view and two slices, 96 bytes here: nothing for a viewer, nothing that grows with the size,
    whether it takes a picture at once or has to be waited for.

    Only a client that is slower than the camera costs more: asyncio's entry for its socket.
    """
    (tmp_path / "frames.py").write_text(FRAMES)
    command: list[str | Path] = [program, tmp_path / "frames.py", str(viewers), str(size), str(is_full)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.stderr == ""
    assert float(done.stdout) <= 128


CLOSES = """
import asyncio
import micropython
from camcors.http.wire import close_body
from camcors.stream import Frames
from camcors_testcard.camera import Camera


async def main():
    frames = Frames(Camera())
    viewer = frames.viewer()
    viewer.enter(lambda part: False)
    while not viewer.next_part():
        await viewer.until_next()
    before = frames.viewers
    micropython.heap_lock()
    closing = close_body(viewer)
    micropython.heap_unlock()
    print(before, frames.viewers, closing)


asyncio.run(main())
"""


def test_full_heap_keeps_no_slot(program: Path, tmp_path: Path) -> None:
    """What ends a stream may be that there is no memory, not even for the end."""
    (tmp_path / "closes.py").write_text(CLOSES)
    done = subprocess.run([program, tmp_path / "closes.py"], capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == ("1 0 None\n", "")
