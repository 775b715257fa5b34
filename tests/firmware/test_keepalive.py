"""Connections that stay open: how long, for how many requests, in which order, and what ends them."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import httpx
import pytest
import urllib3

from camcors.http import connection, phases
from camcors.http.buffers import Buffers
from camcors.http.clock import ticks_ms
from camcors.http.exchange import SETTLED_MS, Exchange
from camcors.http.transport import Transport
from camcors.limits import Limits
from tests.kit.server import LIMITS, Client, Server, Start, make_device, on_cpython, on_micropython, read_all
from tests.kit.talk import CLOSED, Talk
from tests.kit.wire import G, H, P, check_refusal, parse

GET = b"GET /%b HTTP/1.1\r\n" + H + b"\r\n"
ECHO = G + b"\r\n"
LARGE = b"0123456789" * 30000
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
TOO_LARGE = (
    b'{"error": "the body is longer than 16384 bytes, limits.body_bytes of /camera.json", '
    b'"code": "body-too-large"}'
)

# (Connection headers of the request, HTTP version, whether the connection stays open)
PERSISTENCE = [
    (b"", b"1.1", True),
    (b"Connection: keep-alive\r\n", b"1.1", True),
    (b"Connection: Keep-Alive\r\n", b"1.1", True),
    (b"Connection:\r\n", b"1.1", True),
    (b"Connection: closed\r\n", b"1.1", True),
    (b"Connection: Upgrade, HTTP2-Settings\r\n", b"1.1", True),
    (b"Connection: close\r\n", b"1.1", False),
    (b"connection: CLOSE\r\n", b"1.1", False),
    (b"Connection: keep-alive, close\r\n", b"1.1", False),
    (b"Connection: close,TE\r\n", b"1.1", False),
    (b"Connection: TE ,\tClose , x\r\n", b"1.1", False),
    (b"Connection: TE\r\nConnection: close\r\n", b"1.1", False),
    (b"", b"1.0", False),
    (b"Connection: keep-alive\r\n", b"1.0", False),
    (b"Connection: close\r\n", b"1.0", False),
]


@pytest.mark.parametrize(("options", "version", "stays"), PERSISTENCE)
def test_persistence(talk: Talk, options: bytes, version: bytes, stays: bool) -> None:
    data = b"GET /status/200 HTTP/" + version + b"\r\n" + H + options + b"\r\n"
    found = answers(talk(data, GET % b"status/201", end=CLOSED).answer)
    assert [answer[::2] for answer in found] == [(200, b"body"), (201, b"body")][: 1 + stays]
    assert found[0][1].get("Connection") == (None if stays else "close")


def answers(data: bytes, *methods: str) -> list[tuple[int, dict[str, str], bytes]]:
    """All answers of a connection, by their framing; `methods` of the first requests, where that counts."""
    found: list[tuple[int, dict[str, str], bytes]] = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        assert headers.pop("X-Content-Type-Options") == "nosniff"
        status = int(first.split(" ")[1])
        is_bare = status in (204, 304) or methods[len(found) : len(found) + 1] == ("HEAD",)
        size = 0 if is_bare else int(headers["Content-Length"])
        found.append((status, headers, data[:size]))
        data = data[size:]
    return found


# (what, request, status, whether there is content): each leaves the connection open.
LASTING = [
    ("GET", GET % b"body/bytes", 200, True),
    ("empty", GET % b"body/empty", 200, False),
    ("large", GET % b"body/large", 200, True),
    ("view", GET % b"body/largeview", 200, True),
    ("HEAD", b"HEAD /body/large HTTP/1.1\r\n" + H + b"\r\n", 200, False),
    ("HEAD of a stream", b"HEAD /body/endless HTTP/1.1\r\n" + H + b"\r\n", 200, False),
    ("204", GET % b"status/204", 204, False),
    ("304", GET % b"status/304", 304, False),
    ("404", GET % b"missing", 404, True),
    ("405", b"DELETE /status/200 HTTP/1.1\r\n" + H + b"\r\n", 405, True),
    ("framing set by the handler", GET % b"cookies", 200, True),
    ("handler fails", GET % b"raise", 500, True),
    ("hook fails", GET % b"hook", 500, True),
    ("header that would split", GET % b"split/lf", 500, True),
    ("body", P + b"Content-Length: 3\r\n\r\nabc", 200, True),
    ("100-continue", P + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", 200, True),
    ("empty line before it", b"\r\n" + ECHO, 200, True),
    ("OPTIONS", b"OPTIONS /echo HTTP/1.1\r\n" + H + b"\r\n", 200, False),
]


@pytest.mark.parametrize(
    ("data", "status", "content"), [row[1:] for row in LASTING], ids=[row[0] for row in LASTING]
)
def test_framing_lasts(talk: Talk, data: bytes, status: int, content: bool) -> None:
    """The next answer is found where this one ends, and it is the next one's."""
    at = data.index(b"\r\n\r\n") + 4 if b"Expect" in data else 0  # who is asked to go on sends the body then
    pieces = [(data[:at], data[at:], b"GET /echo?%d HTTP/1.1\r\n" % i + H + b"\r\n") for i in range(3)]
    answer = talk(*(piece for each in pieces for piece in each), end=CLOSED).answer
    assert answer.count(CONTINUE) == (3 if at else 0)
    found = answers(answer.replace(CONTINUE, b""), *(data.split()[0].decode(), "GET") * 3)
    for i in range(3):
        code, headers, body = found[2 * i]
        assert (code, bool(body)) == (status, content)
        assert "Connection" not in headers and "Transfer-Encoding" not in headers
        if status in (204, 304):
            assert "Content-Length" not in headers
        assert json.loads(found[2 * i + 1][2])["query"] == str(i)
    assert len(found) == 6


@pytest.mark.parametrize("what", ["GET", "HEAD", "204", "hook fails", "body", "framing set by the handler"])
def test_framing_lasts_over_a_socket(server: Server, what: str) -> None:
    ((data, status, _),) = (row[1:] for row in LASTING if row[0] == what)
    with Client(server) as client:
        for i in range(3):
            found, _, _ = cookies(client) if b"cookies" in data else client.ask(data)
            assert found == status
            query = json.loads(client.ask(b"GET /echo?%d HTTP/1.1\r\n" % i + H + b"\r\n")[2])["query"]
            assert query == str(i)


def cookies(client: Client) -> tuple[int, dict[str, str], bytes]:
    """An answer with a repeated header."""
    client.send(GET % b"cookies")
    while not client.data.endswith(b"\r\n\r\nx"):
        client.data += client.socket.recv(1)
    head = client.data.decode().split("\r\n")
    client.data = b""
    assert "Content-Length: 1" in head and not [line for line in head if line.endswith("999")]
    return int(head[0].split(" ")[1]), dict(line.split(": ") for line in head[1:-2]), b"x"


# (what, request, what comes before the close)
LAST = [
    ("stream", GET % b"body/async", "onetwé34".encode()),
    ("iterator", GET % b"body/sync", b"onetwo"),
    ("file", GET % b"body/file", b"f" * 5000),
    ("upgraded", GET % b"status/101", b""),
    ("too large a body", P + b"Content-Length: 16385\r\n\r\n" + b"b" * 16385, TOO_LARGE),
]


@pytest.mark.parametrize(("data", "content"), [row[1:] for row in LAST], ids=[row[0] for row in LAST])
def test_last_answer(talk: Talk, data: bytes, content: bytes) -> None:
    heard = talk(data + ECHO)
    _, _, headers, body = parse(heard.answer)
    assert (headers["Connection"], body) == ("close", content)
    assert heard.counted["handled"] == 0


def test_handler_that_writes_itself_ends_the_connection(talk: Talk) -> None:
    answer = talk(GET % b"write" + ECHO).answer
    first, _, last = answer.partition(b"\r\n\r\n")
    assert first == b"HTTP/1.1 102 Processing"
    assert (parse(last)[2]["Connection"], parse(last)[3]) == ("close", b"written")


def test_handler_that_takes_the_socket_ends_the_connection(talk: Talk) -> None:
    answer = talk(GET % b"status/200", GET % b"take" + b"abcdtail").answer
    assert answer.endswith(b"body" + b"HTTP/1.1 200 OK\r\n\r\ntaken:abcdtail")


def test_handler_that_closes_the_socket(server: Server) -> None:
    """What it returns goes to nobody, not to a client that has got the same socket number."""
    before = server.probe()
    with Client(server) as client, Client(server) as other:
        client.send(GET % b"close")
        assert client.rest() == b""
        assert other.ask(ECHO)[0] == 200
    after = server.probe()
    assert (after["faults"], after["vanished"]) == (before["faults"], before["vanished"] + 1)


def test_pipelined_in_order(server: Server) -> None:
    """Requests of all kinds in one piece; the answers are told apart by what was asked."""
    data = b""
    for i in range(12):
        body = b"b" * (i * 400)
        data += b"PUT /echo?%d HTTP/1.1\r\n" % i + H + b"Content-Length: %d\r\n\r\n" % len(body) + body
        data += b"HEAD /body/large HTTP/1.1\r\n" + H + b"\r\n" + GET % b"status/204" + GET % b"body/large"
    with Client(server) as client:
        sending = threading.Thread(target=client.send, args=(data,))
        sending.start()
        for i in range(12):
            seen = json.loads(client.answer()[2])
            assert (seen["query"], seen["body"]) == (str(i), "b" * (i * 400))
            assert client.answer(is_head=True)[1]["Content-Length"] == "300000"
            assert client.answer()[0] == 204
            assert client.answer()[2] == LARGE
        sending.join(10)
        assert client.ask(GET % b"status/201")[0] == 201


# (what, request, receives, sends), of one request and its answer. A receive or a send is a system call, but
# for CPython's own buffer.
CALLS = [
    ("small", ECHO, 1, 1),
    ("of a browser", b"GET /echo HTTP/1.1\r\n" + H + b"A: " + b"a" * 800 + b"\r\n\r\n", 1, 1),
    ("with a body", P + b"Content-Length: 500\r\n\r\n" + b"b" * 500, 1, 1),
    ("HEAD", b"HEAD /body/large HTTP/1.1\r\n" + H + b"\r\n", 1, 1),
    ("404", GET % b"missing", 1, 1),
    ("no content", GET % b"status/204", 1, 1),
    ("larger than the buffer", b"GET /echo HTTP/1.1\r\n" + H + b"A: " + b"a" * 1500 + b"\r\n\r\n", 2, 1),
]


@pytest.mark.parametrize(
    ("data", "receives", "sends"), [row[1:] for row in CALLS], ids=[row[0] for row in CALLS]
)
def test_calls_of_a_request(server: Server, data: bytes, receives: int, sends: int) -> None:
    """What stock Microdot needs some hundreds of receives and a dozen sends for."""
    with Client(server) as client:
        client.ask(GET % b"count")
        for _ in range(5):
            client.ask(data)
        calls = json.loads(client.ask(GET % b"count")[2])
    # The first count's answer, and the last count's request, are on it, too.
    assert calls == {"receive": 5 * receives + 1, "send": 5 * sends + 1}


@pytest.mark.parametrize("size", [1, 3, 100, 1000, 1023, 1024, 1025])
def test_pipelined_in_pieces(talk: Talk, size: int) -> None:
    """However the network cuts requests that are shorter and longer than the server's buffer."""
    count = 3 if size < 100 else 12
    data = b""
    for i in range(count):
        data += b"GET /echo?%d HTTP/1.1\r\n" % i + H + b"A: " + b"a" * (150 * i) + b"\r\n\r\n"
    heard = talk(*(data[start : start + size] for start in range(0, len(data), size)), end=CLOSED)
    seen = [json.loads(body) for _, _, body in answers(heard.answer)]
    assert [each["query"] for each in seen] == [str(i) for i in range(count)]
    assert [each["headers"]["a"] for each in seen] == ["a" * (150 * i) for i in range(count)]


def test_one_handler_at_a_time(server: Server) -> None:
    with Client(server) as client:
        client.send(b"".join(GET % b"slow?%d" % i for i in range(6)))
        assert [client.answer()[2] for _ in range(6)] == [b"%d" % i for i in range(6)]
    assert server.probe()["most_running"] == 1


@pytest.mark.parametrize("is_pipelined", [False, True])
def test_limit_of_requests(start_talk: Callable[..., Talk], is_pipelined: bool) -> None:
    """The last answer says so; what was sent behind it is not served, and takes no answer away."""
    talk = start_talk(keepalive_requests=3)
    heard = talk(ECHO * 50, end=CLOSED) if is_pipelined else talk(*[ECHO] * 50, end=CLOSED)
    said = [headers.get("Connection") for _, headers, _ in answers(heard.answer)]
    assert (said, heard.counted["handled"]) == ([None, None, "close"], 3)


def test_limit_of_requests_keeps_no_client_waiting(start: Start) -> None:
    """One that never pipelined can have sent nothing more: it sees the end at once, not after linger_ms."""
    server = start(keepalive_requests=2, linger_ms=10000)
    with Client(server) as client:
        assert client.ask(ECHO)[1].get("Connection") is None
        assert client.ask(ECHO)[1]["Connection"] == "close"
        client.socket.settimeout(5)
        assert client.rest() == b""


def test_limit_of_requests_loses_no_answer(start: Start) -> None:
    """A client that has pipelined may send more while the last answer is under way: it is read to the end."""
    server = start(keepalive_requests=3, linger_ms=5000)
    with Client(server) as client:
        client.send(ECHO * 2)
        assert client.answer()[0] == client.answer()[0] == 200
        assert client.ask(ECHO)[1]["Connection"] == "close"
        for _ in range(50):  # closed already, the camera would reset the connection
            client.send(ECHO)
            time.sleep(0.001)
        client.socket.shutdown(socket.SHUT_WR)
        assert client.rest() == b""


def test_idle_connection_is_closed_in_silence(start: Start) -> None:
    server = start(keepalive_timeout_ms=300)
    before = server.probe()
    for data in (b"", b"\r\n", b"\r"):
        with Client(server) as client:
            assert client.ask(ECHO)[0] == 200
            client.send(data)
            assert client.rest() == b""
    after = server.probe()
    assert [after[name] - before[name] for name in ("timeouts", "rejected", "faults")] == [0, 0, 0]


@pytest.mark.parametrize(
    "data", [b"G", b"GET /ec", G, P + b"Content-Length: 10\r\n\r\nabc"], ids=["byte", "line", "head", "body"]
)
def test_second_request_that_stalls(talk: Talk, data: bytes) -> None:
    heard = talk(GET % b"status/204", data)
    check_refusal(heard.answer.partition(b"\r\n\r\n")[2], 408)
    assert (heard.counted["timeouts"], heard.counted["rejected"]) == (1, 1)


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\r"])
def test_idle_connection_ends_without_a_word(talk: Talk, data: bytes) -> None:
    heard = talk(GET % b"status/204", data)
    assert heard.answer.count(b"HTTP/1.1 ") == 1
    assert [heard.counted[name] for name in ("timeouts", "rejected", "faults")] == [0, 0, 0]


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\r"])
def test_client_that_leaves_while_idle(server: Server, data: bytes) -> None:
    before = server.probe()
    for is_reset in (False, True):
        with Client(server) as client:
            assert client.ask(ECHO)[0] == 200
            client.send(data)
            if is_reset:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                client.socket.shutdown(socket.SHUT_WR)
                assert client.rest() == b""
    after = server.wait(lambda probe: probe["connections"] == 1)
    assert after["connections"] == 1
    names = ("timeouts", "rejected", "faults", "vanished", "lines")
    assert [after[name] for name in names] == [before[name] for name in names]


@pytest.mark.parametrize(
    "data", [b"GET /ec", G, P + b"Content-Length: 10\r\n\r\nabc"], ids=["line", "head", "body"]
)
def test_client_that_ends_in_a_second_request(talk: Talk, data: bytes) -> None:
    heard = talk(GET % b"status/204", data, end=CLOSED)
    check_refusal(heard.answer.partition(b"\r\n\r\n")[2], 400)


# (where a connection fails, what fails after how many good calls, what is sent then, whether it counts)
STAGES = [
    ("idle", "receive", 0, b"", 0),
    ("in a head", "receive", 1, b"GET /ec", 1),
    ("in a body", "receive", 1, P + b"Content-Length: 9\r\n\r\nabc", 1),
    ("in an answer", "send", 1, ECHO, 1),
    ("in a stream", "send", 4, b"", 1),
]


@pytest.mark.parametrize("number", [32, 103, 104, 107, 110, 113, 116, 118, 128, 5])
@pytest.mark.parametrize(
    ("what", "good", "data", "counts"), [r[1:] for r in STAGES], ids=[r[0] for r in STAGES]
)
def test_vanished(talk: Talk, what: str, good: int, data: bytes, counts: int, number: int) -> None:
    """The numbers with which a lost client is reported, wherever it happens; 5 is a fault of ours."""
    heard = talk(GET % b"vanish/%b/%d/%d" % (what.encode(), good, number), data)
    assert heard.counted["faults"] == len(heard.lines) == (number == 5)
    assert heard.counted["vanished"] == (0 if number == 5 else counts)
    assert heard.counted["opened"] == heard.counted["closed"]


@pytest.mark.parametrize("longest", [0, 1])
def test_idle_connections_make_room(start: Start, longest: int) -> None:
    """The one that has been idle longest goes first; a third client is served at once."""
    server = start(connections=2, keepalive_timeout_ms=60000)
    with Client(server) as first, Client(server) as second:
        assert first.ask(ECHO)[0] == 200
        assert second.ask(ECHO)[0] == 200
        goes, stays = (first, second) if longest == 0 else (second, first)
        assert stays.ask(GET % b"slow")[0] == 200
        with Client(server) as third:
            assert third.ask(ECHO)[0] == 200
            assert goes.rest() == b""
            assert stays.ask(ECHO)[0] == 200
            seen = json.loads(third.ask(GET % b"probe")[2])
    names = ("connections", "accepted", "evicted", "refused", "timeouts", "vanished", "faults")
    assert [seen[name] for name in names] == [2, 3, 1, 0, 0, 0, 0]


def test_request_that_has_arrived_comes_before_a_newcomer(start: Start) -> None:
    """A camera that is busy finds both at the same time; the idle client's request is not lost."""
    server = start(connections=2, keepalive_timeout_ms=60000)
    with Client(server) as viewer:
        viewer.send(GET % b"body/holding")
        assert viewer.socket.recv(1) == b"H"
        for _ in range(4):
            with Client(server) as idle:
                assert idle.ask(ECHO)[0] == 200
                idle.send(ECHO)
                with Client(server) as newcomer:
                    newcomer.send(ECHO)
                    assert idle.answer()[0] == 200
                    assert newcomer.answer()[0] == 200
                    assert idle.rest() == b""
    after = server.wait(lambda probe: probe["connections"] == 1)
    assert (after["refused"], after["faults"]) == (0, 0)


class Newcomer:
    """A client that waits for a slot."""

    address = "127.0.0.2"

    def __init__(self) -> None:
        self.exchange = Exchange(Limits(), None, Buffers())


def test_request_in_the_moment_of_eviction() -> None:
    """It has arrived, but no task has seen it yet, when somebody wants the slot: it is answered first."""

    async def talk() -> bytes:
        server = make_device({"connections": 1}).server
        await server.start("127.0.0.1", 0)
        with socket.socket() as client:
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, server.address())
            await loop.sock_sendall(client, ECHO)
            assert (await loop.sock_recv(client, 65536)).startswith(b"HTTP/1.1 200 ")
            (holder,) = server.admission.holders
            while holder.exchange.phase != phases.IDLE:
                await asyncio.sleep(0.01)
            holder.exchange.since -= SETTLED_MS
            client.send(GET % b"status/201")
            newcomer = Newcomer()
            assert not server.admission.take(newcomer)
            assert await server.admission.wait(newcomer)
            server.admission.leave(newcomer)
            answer = b""
            while block := await loop.sock_recv(client, 65536):
                answer += block
        assert (server.evicted, server.faults) == (0, 0)
        await server.close()
        return answer

    answer = asyncio.run(talk())
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert b"\r\nConnection: close\r\n" in answer


def test_empty_lines_hold_no_slot() -> None:
    """A client that is idle, and yet always has sent something, makes room as well."""

    class Chatter:
        is_secure = False

        def client(self) -> tuple[str, int]:
            return "127.0.0.1", 1

        def is_readable(self) -> bool:
            return True

    async def listen() -> None:
        server = make_device({"connections": 1}).server
        chatter = connection.Connection(server, cast(Transport, Chatter()))
        chatter.task = task = asyncio.create_task(asyncio.sleep(60))
        chatter.exchange.phase = phases.IDLE
        assert server.admission.take(chatter)
        newcomer = asyncio.create_task(server.admission.wait(Newcomer()))
        for is_gone in (False, True):
            chatter.exchange.since = ticks_ms() - SETTLED_MS
            await asyncio.sleep(0)
            server.admission.settle()
            assert (chatter in server.admission.holders) is not is_gone
        assert await newcomer
        await asyncio.wait([task])
        assert (task.cancelled(), server.evicted) == (True, 1)

    asyncio.run(listen())


def test_client_that_has_left_makes_room(start: Start) -> None:
    """Its end is noticed before anybody else loses a connection."""
    server = start(connections=3, keepalive_timeout_ms=60000)
    with Client(server) as viewer:
        viewer.send(GET % b"body/holding")
        assert viewer.socket.recv(1) == b"H"
        for _ in range(5):
            with Client(server) as leaves, Client(server) as stays:
                assert leaves.ask(ECHO)[0] == 200
                assert stays.ask(ECHO)[0] == 200
                leaves.socket.close()
                with Client(server) as newcomer:
                    assert newcomer.ask(ECHO)[0] == 200
                    assert json.loads(stays.ask(GET % b"probe")[2])["evicted"] == 0


def test_busy_connections_make_no_room(start: Start) -> None:
    server = start(connections=2, keepalive_timeout_ms=60000)
    with Client(server) as first, Client(server) as second:
        for client in (first, second):
            assert client.ask(ECHO)[0] == 200
            client.send(b"GET /probe HTTP/1.1\r\n")
        while server.exchange(ECHO)[:12] != b"HTTP/1.1 503":  # until both have begun
            assert first.data == second.data == b""
        status, reason, headers, _ = parse(server.exchange(ECHO))
        assert (status, reason) == (503, "Service Unavailable")
        assert (headers["Retry-After"], headers["Connection"]) == ("2", "close")
        for client in (first, second):
            assert client.ask(H + b"\r\n")[0] == 200


def test_streams_are_not_idle(start: Start) -> None:
    """Viewers keep their slots while others come and go, and idle clients hold no viewer up."""
    server = start(connections=3, keepalive_timeout_ms=60000)
    with Client(server) as viewer, Client(server) as other:
        for client in (viewer, other):
            client.send(GET % b"api/stream")
            while b"--frame" not in client.data:
                client.data += client.socket.recv(65536)
        idle = []
        for _ in range(3):
            idle.append(Client(server))
            assert idle[-1].ask(ECHO)[0] == 200
        size = len(viewer.data)
        while len(viewer.data) < size + 10000:
            viewer._more()
        assert server.probe()["viewers"] == 2
        for client in idle:
            client.socket.close()


def test_silent_newcomers_make_room_after_a_while(start: Start) -> None:
    """As browsers open connections in advance: a client that says nothing holds nobody off for long."""
    server = start(connections=2)
    with server.connect() as first, server.connect() as second:
        assert server.exchange(b"GET /status/200 HTTP/1.0\r\n\r\n")[:12] == b"HTTP/1.1 200"
        assert read_all(first) == b""
        second.sendall(b"GET /status/200 HTTP/1.0\r\n\r\n")
        assert read_all(second)[:12] == b"HTTP/1.1 200"
    after = server.probe()
    assert (after["evicted"], after["timeouts"]) == (1, 0)


def test_nobody_is_late_because_of_another(start: Start) -> None:
    """A handler holds all tasks for longer than the time-outs; what arrived meanwhile arrived in time."""
    server = start(keepalive_timeout_ms=1900, head_timeout_ms=1900, body_timeout_ms=1900)
    body = P + b"Content-Length: 5\r\n\r\n12"
    with contextlib.ExitStack() as stack:
        idle, new, head, posting, blocking = (stack.enter_context(Client(server)) for _ in range(5))
        assert idle.ask(ECHO)[0] == 200
        head.send(ECHO[:20])
        posting.send(body)
        begun = [phases.NEW, phases.NEW, phases.IDLE, phases.HEAD, phases.BODY, phases.RUNNING]
        seen = server.wait(lambda probe: probe["phases"] == begun)["phases"]
        assert seen == begun  # the probe runs itself
        blocking.send(GET % b"block")
        assert blocking.socket.recv(100) == b"HTTP/1.1 102 Processing\r\n\r\n"
        for client, data in ((idle, ECHO), (new, ECHO), (head, ECHO[20:]), (posting, b"345")):
            client.send(data)
        for client in (idle, new, head, posting, blocking):
            assert client.answer()[0] == 200
    after = server.wait(lambda probe: probe["connections"] == 1)
    assert (after["timeouts"], after["vanished"], after["faults"]) == (0, 0, 0)


# HTTP clients that no one here wrote.


def accepted(server: Server) -> int:
    return int(server.probe()["accepted"])


def test_httpx_reuses_its_connection(server: Server) -> None:
    before = accepted(server)
    with httpx.Client() as client:
        for i in range(20):
            assert client.get(f"{server.url}/echo?{i}").json()["query"] == str(i)
            assert client.put(f"{server.url}/echo", content=b"b" * 5000).json()["body"] == "b" * 5000
            assert client.head(f"{server.url}/body/large").headers["content-length"] == "300000"
            assert client.get(f"{server.url}/status/204").content == b""
    assert accepted(server) == before + 2  # and the probe's own


def test_httpx_goes_on_after_the_limit(start: Start) -> None:
    server = start(keepalive_requests=5)
    with httpx.Client() as client:
        assert {client.get(f"{server.url}/echo").status_code for _ in range(20)} == {200}
    assert accepted(server) == 4 + 1


def test_urllib3_reuses_its_connection(server: Server) -> None:
    before = accepted(server)
    with urllib3.PoolManager(maxsize=1) as pool:
        for _ in range(10):
            answer = pool.request("GET", server.url + "/body/large", retries=False)
            assert (answer.status, answer.data) == (200, LARGE)
            assert pool.request("GET", server.url + "/status/304", retries=False).status == 304
    assert accepted(server) == before + 2


def test_http_client_reuses_its_connection(server: Server) -> None:
    before = accepted(server)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    with contextlib.closing(connection):
        for method, path in (
            ("GET", "/body/large"),
            ("HEAD", "/body/large"),
            ("PUT", "/echo"),
            ("GET", "/x"),
        ):
            connection.request(method, path, b"abc" if method == "PUT" else None)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == (404 if path == "/x" else 200)
    assert accepted(server) == before + 2


with_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def curl(*args: str) -> str:
    done = subprocess.run(["curl", "-sS", "--max-time", "10", *args], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@with_curl
def test_curl_reuses_its_connection(server: Server) -> None:
    url = f"{server.url}/status/200"
    shown = curl("-w", " %{http_code} %{http_version} %{num_connects}\n", url, url)
    assert shown == "body 200 1.1 1\nbody 200 1.1 0\n"


@with_curl
def test_curl_speaks_http_1_0(server: Server) -> None:
    url = f"{server.url}/status/200"
    assert curl("--http1.0", "-w", " %{http_code} %{num_connects}\n", url, url) == "body 200 1\n" * 2


@with_curl
def test_curl_expects_100_continue(server: Server) -> None:
    url = f"{server.url}/echo"
    options = ("-H", "Expect: 100-continue", "-X", "PUT", "--data-binary", "b" * 9000, "-v", "--stderr", "-")
    shown = curl(*options, url, url)
    assert shown.count("< HTTP/1.1 100 Continue") == 2
    assert shown.count('"body": "' + "b" * 9000 + '"') == 2
    assert shown.count("* Connected to") == 1


def test_long_stream(server: Server) -> None:
    with httpx.Client() as client, client.stream("GET", server.url + "/body/endless") as answer:
        assert "content-length" not in answer.headers
        read = 0
        for block in answer.iter_raw():
            read += len(block)
            if read > 100_000:
                break
        assert read > 100_000


def test_asyncio_pipelines(server: Server) -> None:
    async def talk() -> list[bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.writelines(GET % b"slow?%d" % i for i in range(8))
        await writer.drain()
        bodies = []
        for _ in range(8):
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
            bodies.append(await reader.readexactly(size))
        writer.close()
        await writer.wait_closed()
        return bodies

    assert asyncio.run(talk()) == [b"%d" % i for i in range(8)]


CHROME = (
    b"Connection: keep-alive\r\n"
    b'sec-ch-ua-platform: "Linux"\r\n'
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 "
    b"Safari/537.36\r\n"
    b"Accept: application/json, text/plain, */*\r\n"
    b'sec-ch-ua: "Chromium";v="141", "Not?A_Brand";v="8", "Google Chrome";v="141"\r\n'
    b"sec-ch-ua-mobile: ?0\r\n"
    b"Origin: http://localhost:8000\r\n"
    b"Sec-Fetch-Site: cross-site\r\n"
    b"Sec-Fetch-Mode: cors\r\n"
    b"Sec-Fetch-Dest: empty\r\n"
    b"Referer: http://localhost:8000/dashboard/index.html\r\n"
    b"Accept-Encoding: gzip, deflate, br, zstd\r\n"
    b"Accept-Language: en-GB,en-US;q=0.9,en;q=0.8,de;q=0.7\r\n"
)


def test_heap_of_a_request(program: Path) -> None:
    """What a request of a browser allocates on MicroPython, in bytes: about 10,000."""
    with on_micropython({}) as server, Client(server) as client:

        def used() -> int:
            return int(json.loads(client.ask(GET % b"heap")[2])["used"])

        data = b"GET /status/200 HTTP/1.1\r\n" + H + CHROME + b"\r\n"
        client.ask(data)
        used()
        asked_twice = -used() + used()
        before = used()
        for _ in range(20):
            assert client.ask(data)[0] == 200
        assert (used() - before - asked_twice) / 20 < 11_000


def test_late_client_goes_though_nobody_can_look_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look for what has arrived takes memory, and with a full heap only the ends of clients free some."""

    def fail(socket: object) -> bool:
        raise MemoryError

    with on_cpython({**LIMITS, "head_timeout_ms": 200}) as server:
        with monkeypatch.context() as patch:
            patch.setattr("camcors.http.transport.is_readable", fail)
            assert server.exchange(b"GET / HTTP/1.1\r\n").startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert server.probe()["timeouts"] == 1
