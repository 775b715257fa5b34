"""Runs in the camera's MicroPython: one route behind stock Microdot, or behind this firmware's server.

usage: camcors-host tests/bench/server_app.py KIND PORT FOLDER TOKEN, with stock_cors.mpy in FOLDER.
Prints "ready" once it listens; ends after a GET /quit.

All share the frozen microdot, which is stock but for its cors module. The kind "stock" has that one's CORS.
"ours" has its policy as the camera has, from Policy. Stock does nothing like the rest: "guarded" has the
camera's Guard as well; "shown" is the same, for requests that show TOKEN; "locked" has also the lock.
"""

import asyncio
import gc
import sys
from binascii import hexlify

from microdot import Microdot

_GOODBYE_MS = 100  # for the answer to /quit to leave

POLICY = {
    "allowed_origins": ["https://dashboard.example.com"],
    "expose_headers": ["X-Frame-Id", "X-Timestamp"],
    "max_age": 600,
}


def application(quit):
    app = Microdot()

    @app.get("/api/status")
    async def status(request):
        return {"board": "HOST", "uptime_s": 1, "frames": {"captured": 0, "failed": 0}, "faults": []}

    @app.get("/heap")
    async def heap(request):
        """Heap bytes in use. From the first call on nothing is collected, so that the next ones count."""
        gc.disable()
        return {"allocated": gc.mem_alloc()}

    @app.get("/quit")
    async def leave(request):
        quit.set()
        return {}

    return app


async def start_stock(app, port, folder):
    sys.path.append(folder)
    from stock_cors import CORS

    CORS(app, **POLICY)
    task = asyncio.create_task(app.start_server("127.0.0.1", port))
    while app.server is None:
        await asyncio.sleep_ms(1)
    return task


class Keeper:
    def __init__(self, token):
        from access.document import Access
        from access.lock import Lock
        from access.secret import hash_of

        self.lock = Lock(b"key")
        self.lock.access = Access().with_token("bench", "view", hexlify(hash_of(token)).decode()).in_force()

    def uptime_s(self):
        return 1


async def start_ours(app, port, kind, token):
    from camcors.http.server import Server
    from cors import CORS, Policy
    from cors.guard import Guard

    cors = CORS(app)
    cors.policy = Policy(**POLICY)
    if kind == "locked":
        from camcors.door import Door

        door = Door(app, cors, Keeper(token))
    if kind != "ours":
        guard = Guard(app, cors, ("camcors", "camcors.local", "127.0.0.1"))
    if kind == "locked":
        door.guard = guard
    await Server(app).start("127.0.0.1", port)


async def main(kind, port, folder, token):
    quit = asyncio.Event()
    app = application(quit)
    if kind == "stock":
        await start_stock(app, port, folder)
    else:
        await start_ours(app, port, kind, token)
    gc.collect()
    print("ready")
    await quit.wait()
    await asyncio.sleep_ms(_GOODBYE_MS)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]))
