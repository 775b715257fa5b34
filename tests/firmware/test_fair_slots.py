"""Addresses that compete for slots, over real sockets: 127.0.0.1 holds them, 127.0.0.2 wants to be served."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from camcors.limits import Limits
from tests.kit.server import Client, Server, Start
from tests.kit.wire import G, H, P, parse

OTHER = "127.0.0.2"
GET = b"GET /%b HTTP/1.1\r\n" + H + b"\r\n"
UPGRADE = (
    b"GET /websocket HTTP/1.1\r\n" + H + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
PING = b"\x89\x80\x00\x00\x00\x00"  # of RFC 6455, masked with zeros
PONG = b"\x8a\x00"


def ask(server: Server, path: bytes = b"status/200", source: str = OTHER) -> int:
    """The status of a request on a connection of its own."""
    with Client(server, source) as client:
        return client.ask(GET % path)[0]


def hold(server: Server, client: socket.socket, data: bytes, more: bytes, done: threading.Event) -> None:
    """Send `data` and then `more` ten times a second; come again as soon as it is closed."""
    while not done.is_set():
        with contextlib.suppress(OSError), client:
            client.settimeout(0.1)
            client.sendall(data)
            while not done.is_set():
                with contextlib.suppress(TimeoutError):
                    if not client.recv(256):
                        break
                client.sendall(more)
        with contextlib.suppress(OSError):
            client = server.connect()


@contextlib.contextmanager
def attack(server: Server, count: int, data: bytes, more: bytes = b"") -> Iterator[None]:
    """So many clients of 127.0.0.1, all of which the server accepts before those that come later."""
    done = threading.Event()
    clients = [server.connect() for _ in range(count)]
    threads = [threading.Thread(target=hold, args=(server, each, data, more, done)) for each in clients]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


# (what, how many clients, what each sends first, and again and again, requests of the other address)
ATTACKS = [
    ("twelve begun heads", 12, G, b"", 36),
    ("six slow heads", 6, b"GET /echo HTTP/1.1\r\nA: ", b"a", 12),
    ("twelve slow bodies", 12, P + b"Content-Length: 9000\r\n\r\n", b"b", 12),
    ("six silent WebSockets", 6, UPGRADE, b"", 12),
    ("twelve that poll", 12, GET % b"status/200", GET % b"status/200", 12),
    ("twelve that say nothing, and take turns", 12, b"", b"", 6),
]


@pytest.mark.parametrize(
    ("count", "data", "more", "requests"), [r[1:] for r in ATTACKS], ids=[r[0] for r in ATTACKS]
)
def test_nobody_is_kept_out(start: Start, count: int, data: bytes, more: bytes, requests: int) -> None:
    """The requests of another address are all served, each on a connection of its own."""
    server = start(connections=6)
    with attack(server, count, data, more):
        assert [ask(server) for _ in range(requests)] == [200] * requests
    assert server.probe()["faults"] == 0


# (what, what each client of one address sends that never ends by itself, and never reads)
ENDLESS = [
    ("downloads that nobody reads", GET % b"body/flood"),
    ("endless answers", GET % b"body/endless"),
    ("a WebSocket that talks", UPGRADE),
]


@pytest.mark.parametrize("data", [r[1] for r in ENDLESS], ids=[r[0] for r in ENDLESS])
def test_one_slot_is_for_new_clients(start: Start, data: bytes) -> None:
    """An answer under way ends for an address that has no slot, not for one that has."""
    server = start(connections=3, write_timeout_ms=60000)
    more = PING if data is UPGRADE else b""
    with attack(server, 3, data, more), Client(server, OTHER) as client:
        assert client.ask(GET % b"status/200")[0] == 200
        client.send(GET % b"body/endless")
        assert client.socket.recv(15) == b"HTTP/1.1 200 OK"
        with Client(server, OTHER) as second:
            second.send(GET % b"probe")
            assert second.answer()[0] == 503


def test_streams_leave_the_controls_to_others(start: Start) -> None:
    """One address has all viewers and begins heads; another one is served, and no viewer ends."""
    server = start(connections=6, stream_viewers=4)
    with contextlib.ExitStack() as stack:
        viewers = [stack.enter_context(Client(server)) for _ in range(4)]
        for viewer in viewers:
            viewer.send(GET % b"api/stream?fps=2")
            assert viewer.socket.recv(15) == b"HTTP/1.1 200 OK"
        with attack(server, 6, G):
            assert [ask(server, b"api/status") for _ in range(12)] == [200] * 12
        assert server.probe()["viewers"] == 4


def test_a_burst_is_served(start: Start) -> None:
    """Three browsers ask for twelve stills each, over six connections each; the limits are the defaults."""
    server = start(connections=Limits().connections)

    def browse(number: int) -> list[int]:
        """The statuses of two stills, on a connection that is made again when the server ends it."""
        found = []
        source = f"127.0.0.{1 + number % 3}"
        connection = http.client.HTTPConnection("127.0.0.1", server.port, 20, (source, 0))
        with contextlib.closing(connection):
            for _ in range(2):
                connection.request("GET", "/api/capture")
                with connection.getresponse() as answer:
                    found.append(answer.status)
                    answer.read()
        return found

    with ThreadPoolExecutor(18) as pool:
        assert list(pool.map(browse, range(18))) == [[200, 200]] * 18
    after = server.probe()
    assert (after["captures"], after["refused"], after["evicted"], after["faults"]) == (36, 0, 0, 0)


@pytest.mark.parametrize("addresses", [1, 3])
def test_36_at_once_are_served(start: Start, addresses: int) -> None:
    """All connected before the first is answered: six are served, the others wait, in turn."""
    server = start(connections=6)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(server, f"127.0.0.{1 + i % addresses}")) for i in range(36)]
        for client in clients:
            client.send(GET % b"slow")
        assert [client.answer()[0] for client in clients] == [200] * 36
    assert server.probe()["refused"] == 0


def test_just_answered_is_not_evicted(start: Start) -> None:
    """For a second; after that, at once."""
    server = start(connections=1)
    with Client(server) as first:
        asked = time.monotonic()
        assert first.ask(GET % b"status/200")[1].get("Connection") is None
        with Client(server, OTHER) as second:
            assert first.rest() == b""
            assert time.monotonic() - asked >= 1
            assert second.ask(GET % b"status/200")[0] == 200


def test_request_within_that_second_is_answered(start: Start) -> None:
    """And ends the connection, as its answer says, so that the one who waits is served."""
    server = start(connections=1)
    with Client(server) as first:
        assert first.ask(GET % b"status/200")[1].get("Connection") is None
        with Client(server, OTHER) as second:
            second.send(GET % b"probe")
            first.socket.settimeout(10)
            assert first.ask(GET % b"slow")[1]["Connection"] == "close"
            status, _, body = second.answer()
    assert (status, json.loads(body)["evicted"]) == (200, 0)


def test_begun_request_is_told_why_it_ends(start: Start) -> None:
    server = start(connections=1)
    for data, what in ((G, b"the headers"), (P + b"Content-Length: 9\r\n\r\n1", b"the body")):
        with Client(server) as first:
            first.send(data)
            assert ask(server) == 200
            status, _, headers, body = parse(first.rest())
            assert (status, headers["Retry-After"], headers["Connection"]) == (503, "2", "close")
            words = what.decode() + " came too slowly while others waited for a connection"
    assert json.loads(body) == {"error": words, "code": "busy"}
    after = server.probe()
    assert (after["evicted"], after["timeouts"], after["refused"]) == (2, 0, 0)


def test_too_many_wait(start: Start) -> None:
    """Of the address that has most, the last one is refused at once; a first one of another address waits."""
    server = start(connections=1, slot_waiters=2, slot_wait_ms=10000, linger_ms=5000)
    with contextlib.ExitStack() as stack:
        holder = stack.enter_context(Client(server))
        holder.send(GET % b"body/endless")
        assert holder.socket.recv(15) == b"HTTP/1.1 200 OK"
        early, late, surplus = (stack.enter_context(Client(server)) for _ in range(3))
        for client in (early, late, surplus):
            client.send(GET % b"status/200")
        assert surplus.answer()[0] == 503
        other = stack.enter_context(Client(server, OTHER))
        other.send(GET % b"status/200")
        assert late.answer()[0] == 503
        holder.socket.close()
        assert [other.answer()[0], early.answer()[0]] == [200, 200]


def test_waits_in_vain_for_so_long(start: Start) -> None:
    server = start(connections=1, slot_wait_ms=1000)
    with Client(server) as holder, Client(server) as client:
        holder.send(GET % b"body/endless")
        assert holder.socket.recv(15) == b"HTTP/1.1 200 OK"
        asked = time.monotonic()
        client.send(GET % b"status/200")
        status, headers, _ = client.answer()
    assert (status, headers["Retry-After"], time.monotonic() - asked >= 0.9) == (503, "2", True)


# (what, what comes after the handshake, whether the connection stays)
HEARD = [
    ("silent", b"", False),
    ("a client that pings", PING, True),
]


@pytest.mark.parametrize(("more", "stays"), [r[1:] for r in HEARD], ids=[r[0] for r in HEARD])
def test_handler_waits_for_its_client(start: Start, more: bytes, stays: bool) -> None:
    """For handler_idle_ms: a WebSocket that is silent for so long ends, one that is not goes on."""
    server = start(handler_idle_ms=1500)
    with Client(server) as client:
        client.send(UPGRADE)
        while b"\r\n\r\n" not in client.data:
            client.data += client.socket.recv(1)
        asked = time.monotonic()
        if not stays:
            assert client.rest().partition(b"\r\n\r\n")[2] in (b"", b"\x88\x00")  # RFC 6455: close
            assert time.monotonic() - asked >= 1.4
            return
        while time.monotonic() - asked < 4.5:
            client.send(more)
            assert client.socket.recv(2) == PONG
            time.sleep(0.1)
    assert server.wait(lambda probe: probe["connections"] == 1)["timeouts"] == 0


def test_handler_that_sends_is_not_idle(start: Start) -> None:
    """It waits for its client, too, in another task; only the silence of both ends the connection."""
    server = start(handler_idle_ms=1500)
    with Client(server) as client:
        client.send(GET % b"duplex")
        asked = time.monotonic()
        assert client.rest().count(b"tick") == 30
        assert time.monotonic() - asked >= 3 + 1.4


# Clients that nobody here wrote, in a twenty-fifth of the time: they poll every 10 s.

POLLS = 10
POLL_S = 10 / 25
KEPT_MS = Limits().keepalive_timeout_ms // 25


def test_http_client_polls(start: Start) -> None:
    """http.client, on which requests stands, does not send a request again."""
    server = start(keepalive_timeout_ms=KEPT_MS)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.connect()
    first = connection.sock
    with contextlib.closing(connection):
        for _ in range(POLLS):
            connection.request("GET", "/status/200")
            assert connection.getresponse().read() == b"body"
            assert connection.sock is first
            time.sleep(POLL_S)


NODE = """
const http = require("http");
const [port, count, pause] = process.argv.slice(2).map(Number);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const sockets = new Set();
const found = { good: 0, errors: [] };
const ask = (left) => {
  if (!left) { agent.destroy(); console.log(JSON.stringify({ ...found, sockets: sockets.size })); return; }
  const next = () => setTimeout(ask, pause, left - 1);
  http.get({ port, host: "127.0.0.1", path: "/status/200", agent }, (answer) => {
    found.good += answer.statusCode === 200;
    answer.resume().on("end", next);
  }).on("socket", (socket) => sockets.add(socket))
    .on("error", (error) => { found.errors.push(error.code); next(); });
};
ask(count);
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_node_polls(start: Start, tmp_path: Path) -> None:
    server = start(keepalive_timeout_ms=KEPT_MS)
    (tmp_path / "poll.js").write_text(NODE)
    command: list[str | Path] = [
        "node",
        tmp_path / "poll.js",
        str(server.port),
        str(POLLS),
        str(int(1000 * POLL_S)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.stderr, json.loads(done.stdout)) == ("", {"good": POLLS, "errors": [], "sockets": 1})
