"""Runs in the camera's MicroPython: the route of server_app.py behind another server.

usage: camcors-host tests/bench/peer_app.py KIND PORT FOLDER, with the package of KIND in FOLDER.
Prints "ready" once it listens; ends after a GET /quit.

They add no CORS headers and keep no connection. What had to be adapted is in peers.py.
"raw" is no server: it reads a block and sends an answer that was made before, which is what this interpreter
can do at most. It keeps a connection if it is asked to.
"""

import asyncio
import gc
import json
import sys

_GOODBYE_MS = 100  # for the answer to /quit to leave
_STATUS = {"board": "HOST", "uptime_s": 1, "frames": {"captured": 0, "failed": 0}, "faults": []}


def heap():
    """Heap bytes in use. From the first call on nothing is collected, so that the next ones count."""
    gc.disable()
    return {"allocated": gc.mem_alloc()}


def headers_of(body):
    return {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}


async def start_phew(port, quit):
    from phew import server

    def add(path, answer):
        def handler(request):
            body = json.dumps(answer())
            return server.Response(body, headers=headers_of(body))

        server.add_route(path, handler)

    add("/api/status", lambda: _STATUS)
    add("/heap", heap)
    add("/quit", lambda: quit.set() or {})
    await asyncio.start_server(server._handle_request, "127.0.0.1", port)


async def start_picoweb(port, quit):
    import picoweb

    app = picoweb.WebApp(None, serve_static=False)
    app.debug = -1
    app.init()

    def add(path, answer):
        def handler(request, writer):
            body = json.dumps(answer())
            yield from picoweb.start_response(writer, "application/json", headers=headers_of(body))
            yield from writer.awrite(body)

        app.add_url_rule(path, handler)

    add("/api/status", lambda: _STATUS)
    add("/heap", heap)
    add("/quit", lambda: quit.set() or {})
    await asyncio.start_server(app._handle, "127.0.0.1", port)


def raw_answer(value, connection):
    body = json.dumps(value)
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: %s\r\nContent-Length: %d\r\n\r\n"
    return (head % (connection, len(body)) + body).encode()


class Room:
    """Where a transport puts what it receives: one buffer for all."""

    def __init__(self, buffer):
        self._buffer = buffer

    def room(self):
        return self._buffer

    def rest(self):
        pass


async def start_raw(port, quit):
    from camcors.http.listener import listen

    last = raw_answer(_STATUS, "close")
    kept = raw_answer(_STATUS, "keep-alive")
    buffer = bytearray(1024)
    room = Room(buffer)

    async def serve(transport):
        count = transport.take(room)
        if count is None:
            count = await transport.receive(room)
        while count:
            stays = b"Connection: keep-alive" in buffer
            answer = kept if stays else last
            if buffer[5:9] == b"heap":
                answer = raw_answer(heap(), "keep-alive" if stays else "close")
            elif buffer[5:9] == b"quit":
                quit.set()
            transport.send(answer, 0, len(answer))
            count = await transport.receive(room) if stays else 0
        transport.close()

    await listen(serve, "127.0.0.1", port, 5)


async def main(kind, port):
    quit = asyncio.Event()
    await {"phew": start_phew, "picoweb": start_picoweb, "raw": start_raw}[kind](port, quit)
    gc.collect()
    print("ready")
    await quit.wait()
    await asyncio.sleep_ms(_GOODBYE_MS)


sys.path.append(sys.argv[3])
asyncio.run(main(sys.argv[1], int(sys.argv[2])))
