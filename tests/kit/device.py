"""A camera server with a fake camera for the tests; runs on CPython and MicroPython alike.

As a script: device.py PORT LIMITS [guarded], with LIMITS as JSON. Prints "ready", serves until it is ended.
"""

import asyncio
import gc
import json
import sys
import time

from access.lock import ANYONE
from camcors import api
from camcors.http.clock import sleep_ms
from camcors.http.request import is_proxied
from camcors.http.server import Server
from camcors.limits import Limits
from camcors.stream import Frames
from cors import CORS
from cors.guard import Guard
from microdot import Microdot, Response
from microdot.websocket import with_websocket

PROXY = "127.0.0.3"  # the trusted one


class FakeCamera:
    """Counts captures; reuses its buffer and hands out a signed view of it, as real drivers do."""

    name = "fake"
    error = None
    is_standby = False
    FIELDS = {
        "frame_size": ("choice", ("QVGA", "VGA")),
        "quality": ("int", (1, 100)),
        "hmirror": ("bool", None),
        "stubborn": ("int", (0, 9)),
    }

    def __init__(self):
        self.captures = 0
        self.steps = 0  # of work on each picture
        self.size = 2000
        self.mode = "good"
        self.led = 0
        self._values = {"frame_size": "VGA", "quality": 80, "hmirror": False, "stubborn": 0}
        self._buffer = bytearray(0)
        self._done = 0

    def settings(self):
        return dict(self._values)

    def set(self, field, value):
        if field == "stubborn" and value:
            raise OSError(5)
        self._values[field] = value

    def poll(self):
        if self.mode == "broken":
            raise OSError(5)
        if self._done >= self.steps:
            return None
        self._done += 1
        return 0

    def release(self):
        pass

    def capture(self):
        self.captures += 1
        self._done = 0
        if self.mode == "none":
            return None
        if self.mode == "error":
            raise OSError(116)
        if self.mode == "bug":
            raise KeyError("driver")
        if self.mode == "full":
            raise MemoryError
        if self.mode == "still":  # allocates nothing
            return self._view
        if len(self._buffer) != self.size:
            self._buffer = bytearray(self.size)
        # Every byte is the capture's number: a picture that changes while it is sent shows it.
        mark = self.captures % 251
        for i in range(0, self.size, 1000):
            part = bytes([mark]) * min(1000, self.size - i)
            self._buffer[i : i + len(part)] = part
        self._buffer[:2] = b"\xff\xd8"
        self._buffer[-2:] = b"\xff\xd9"
        self._view = memoryview(self._buffer)
        return self._view


class Pieces:
    """An async iterator that reports its end."""

    def __init__(self, items, device):
        self._items = list(items)
        self._device = device
        device.opened += 1

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self._items:
            raise StopAsyncIteration
        item = self._items.pop(0)
        if item == "endless":
            self._items.append(item)
            await sleep_ms(5)
            return b"x" * 1000
        if item == "flood":
            self._items.append(item)
            return b"x" * 65536
        if item == "hold":  # up all tasks, as a picture that is drawn or a slow flash may
            self._items.append(item)
            time.sleep(0.02)
            return b"x"
        if item == "fail":
            raise RuntimeError("the body failed")
        if item == "full":
            raise MemoryError
        return item

    async def aclose(self):
        self._device.closed += 1


class File:
    """A file-like body."""

    def __init__(self, size, device):
        self._left = size
        self._device = device
        device.opened += 1

    def read(self, n):
        size = min(n, self._left)
        self._left -= size
        return b"f" * size

    def close(self):
        self._device.closed += 1


class Watched:
    """A connection's transport that tells called() of each receive() and send() before it passes it on."""

    def __init__(self, transport):
        self.is_full = False
        self.slice_bytes = transport.slice_bytes
        self._transport = transport

    def take(self, inbox):
        count = self._transport.take(inbox)
        if count is not None:
            self.called("receive")
        return count

    def until_heard(self):
        return self._transport.until_heard()

    async def receive(self, inbox):
        self.called("receive")
        return await self._transport.receive(inbox)

    def send(self, data, start, size):
        self.called("send")
        count = self._transport.send(data, start, size)
        self.is_full = self._transport.is_full
        return count

    def bound_unsent(self):
        self._transport.bound_unsent()

    async def drain(self):
        await self._transport.drain()


class Vanishing(Watched):
    """A transport whose receive() or send() fails with `number` after `good` calls."""

    def __init__(self, transport, what, good, number):
        super().__init__(transport)
        self._what = what
        self._good = good
        self._number = number

    def called(self, what):
        if what == self._what:
            self._good -= 1
            if self._good < 0:
                raise OSError(self._number)


class Counting(Watched):
    """A transport that counts the calls to it."""

    def __init__(self, transport):
        super().__init__(transport)
        self.calls = {"receive": 0, "send": 0}

    def called(self, what):
        self.calls[what] += 1


class Device:
    """is_guarded: whether a policy and the guards are in force, as on the camera."""

    def __init__(self, limits, is_guarded=False):
        self.app = Microdot()
        self.camera = FakeCamera()
        limits = Limits(**limits)
        self.frames = Frames(self.camera, limits)
        self.lines = []
        self.server = Server(self.app, limits, self.lines.append)
        self.server.trusted_proxies = (PROXY,)
        self.handled = 0
        self.running = 0
        self.most_running = 0
        self.opened = 0
        self.closed = 0
        api.attach(
            self.app,
            self.camera,
            self.frames,
            self.server,
            lambda role: {"uptime_s": 1},
            lambda request: ANYONE,
        )
        self._attach_bodies()
        self._attach_faults()
        self._attach_probe()
        if is_guarded:
            cors = CORS(self.app, ["http://allowed.example"], expose_headers=["X-Frame-Id"])
            Guard(self.app, cors, ("camera",))

    def _attach_bodies(self):
        app = self.app

        @app.route("/echo", methods=["GET", "POST", "PUT", "DELETE"])
        async def echo(request):
            self.handled += 1
            return {
                "method": request.method,
                "path": request.path,
                "query": request.query_string,
                "args": {name: request.args[name] for name in request.args},
                "headers": dict(request.headers.items()),
                "body": request.body.decode(),
                "client": request.client_addr[0],
                "port": request.client_addr[1],
                "version": request.http_version,
                "scheme": request.scheme,
                "is_proxied": is_proxied(request),
            }

        @app.query("/query")
        async def query(request):
            return request.body

        @app.get("/body/<kind>")
        async def body(request, kind):
            bodies = {
                "bytes": lambda: b"abc",
                "bytearray": lambda: bytearray(b"abc"),
                "view": lambda: memoryview(b"xabc")[1:],
                "str": lambda: "abcé",
                "empty": lambda: b"",
                "list": lambda: [1, 2],
                "large": lambda: b"0123456789" * 30000,
                "largeview": lambda: memoryview(b"0123456789" * 30000),
                "async": lambda: Pieces([b"one", "twé", bytearray(b"3"), memoryview(b"4")], self),
                "sync": lambda: (piece for piece in ["one", b"two"]),
                "nothing": lambda: (piece for piece in ()),
                "file": lambda: File(5000, self),
                "endless": lambda: Pieces(["endless"], self),
                "flood": lambda: Pieces(["flood"], self),
                "holding": lambda: Pieces(["hold"], self),
                "full": lambda: Pieces([b"one", "full"], self),
                "failing": lambda: Pieces([b"one", "fail"], self),
            }
            return bodies[kind]()

        @app.get("/status/<int:status>")
        async def status(request, status):
            return "body", status

        @app.get("/reason")
        async def reason(request):
            return Response("x", 299, reason="Rather Good")

        @app.get("/cookies")
        async def cookies(request):
            response = Response("x", headers={"content-length": "999", "Connection": "keep-alive"})
            response.headers["Transfer-Encoding"] = "chunked"
            response.headers["x-content-type-options"] = "none"
            response.set_cookie("a", "1")
            response.set_cookie("b", "2")
            return response

    def _attach_faults(self):
        app = self.app

        @app.get("/slow")
        async def slow(request):
            self.running += 1
            self.most_running = max(self.most_running, self.running)
            await sleep_ms(20)
            self.running -= 1
            return str(request.query_string)

        @app.get("/block")
        async def block(request):
            """Hold all tasks, as the start of a sensor does; say so before."""
            await request.sock[1].awrite(b"HTTP/1.1 102 Processing\r\n\r\n")
            time.sleep(2)
            return "blocked"

        @app.get("/write")
        async def write(request):
            await request.sock[1].awrite(b"HTTP/1.1 102 Processing\r\n\r\n")
            return "written"

        @app.get("/close")
        async def close(request):
            await request.sock[1].aclose()
            await request.sock[1].aclose()
            return "lost"

        @app.get("/vanish/<what>/<int:good>/<int:number>")
        async def vanish(request, what, good, number):
            wire = request.sock[1]
            wire._transport = Vanishing(wire._transport, what, good, number)
            return Pieces(["endless"], self) if good > 1 else "x"

        @app.get("/count")
        async def count(request):
            """The calls to this connection's transport since the last time, the first time nothing."""
            wire = request.sock[1]
            calls = getattr(wire._transport, "calls", None)
            wire._transport = Counting(wire._transport)
            return calls or {}

        @app.get("/split/<kind>")
        async def split(request, kind):
            values = {
                "crlf": "a\r\nX-Injected: 1",
                "lf": "a\nX-Injected: 1",
                "cr": "a\rb",
                "nul": "a\0b",
            }
            if kind == "name":
                return "x", 200, {"X A": "1"}
            return "x", 200, {"X-Value": values[kind]}

        @app.get("/raise")
        async def raising(request):
            raise RuntimeError("handler")

        @app.get("/hook")
        async def hook(request):
            @request.after_request
            async def fail(request, response):
                raise RuntimeError("hook")

            return "x"

        @app.errorhandler(ZeroDivisionError)
        async def failing_handler(request, error):
            return 418

        @app.get("/take")
        async def take(request):
            await request.sock[1].awrite(b"HTTP/1.1 200 OK\r\n\r\ntaken:")
            await request.sock[1].awrite(await request.sock[0].readexactly(4))
            await request.sock[1].awrite(await request.sock[0].read(100))
            return Response.already_handled

        @app.get("/websocket")
        @with_websocket
        async def websocket(request, ws):
            while True:
                await ws.send(await ws.receive())

        @app.get("/duplex")
        async def duplex(request):
            """Send for three seconds, while another task waits for the client."""

            async def listen():
                await request.sock[0].read(1)

            async def speak():
                for _ in range(30):
                    await request.sock[1].awrite(b"tick")
                    await sleep_ms(100)

            speaking = asyncio.create_task(speak())
            await listen()
            await speaking
            return Response.already_handled

        @app.after_error_request
        async def mark(request, response):
            response.headers["X-Marked"] = "yes"

    def _attach_probe(self):
        app = self.app

        @app.get("/probe")
        async def probe(request):
            report = self.server.counters()
            report["handled"] = self.handled
            report["most_running"] = self.most_running
            report["opened"] = self.opened
            report["closed"] = self.closed
            report["captures"] = self.camera.captures
            report["viewers"] = self.frames.viewers
            report["frames"] = self.frames.frames
            report["failures"] = self.frames.failures
            report["parts"] = len(self.frames._parts)
            report["phases"] = sorted(each.exchange.phase for each in self.server._open)
            report["lines"] = self.lines
            return report

        @app.get("/heap")
        async def heap(request):
            """On MicroPython: the heap in use, and frames captured; nothing is freed from now on."""
            gc.disable()
            return {"used": gc.mem_alloc(), "frames": self.frames.frames}

        @app.put("/camera")
        async def set_camera(request):
            for name, value in json.loads(request.body).items():
                setattr(self.camera, name, value)
            return "ok"


async def main(port, limits, is_guarded):
    device = Device(limits, is_guarded)
    await device.server.start("127.0.0.1", port)
    print("ready")
    while True:
        await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:] == ["guarded"]))
