"""Bodies in chunks: the decoder against tables, cuts and h11; and clients that no one here wrote."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator

import h11
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camcors.http.chunked import Chunks
from camcors.http.head import Refusal
from tests.kit.server import Client, Server, read_all
from tests.kit.talk import CLOSED, Heard, Talk
from tests.kit.wire import ONCE, P, parse

MOST = 100
SKIPPED = 60
NEXT = b"GET /next"

# (what, bytes, what comes of them: the body, the status of the refusal, or None if more has to come)
CHUNKS: list[tuple[str, bytes, bytes | int | None]] = [
    ("nothing", b"0\r\n\r\n", b""),
    ("one", b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
    ("two", b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
    ("line ends in the data", b"4\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n\r\n"),
    ("a chunk in the data", b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", b"0\r\n\r\n"),
    ("hexadecimal", b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", b"0123456789" * 2),
    ("zeros in front", b"00000003\r\nabc\r\n00000000\r\n\r\n", b"abc"),
    ("all that is taken", b"64\r\n" + b"a" * 100 + b"\r\n0\r\n\r\n", b"a" * 100),
    ("all that is taken, in two", 2 * (b"32\r\n" + b"a" * 50 + b"\r\n") + b"0\r\n\r\n", b"a" * 100),
    ("extension", b"1;a\r\nx\r\n0\r\n\r\n", b"x"),
    ("extensions", b'1;a=b; c="d;e"\r\nx\r\n0;f\r\n\r\n', b"x"),
    ("extension not ASCII", b'1;a="\xe9"\r\nx\r\n0\r\n\r\n', b"x"),
    ("longest extensions", b"1;" + b"a" * 29 + b"\r\nx\r\n0;" + b"a" * 29 + b"\r\n\r\n", b"x"),
    ("trailer", b"1\r\nx\r\n0\r\nA: b\r\n\r\n", b"x"),
    ("trailers", b"1\r\nx\r\n0\r\nA: b\r\nContent-Length: 9\r\nC:\r\n\r\n", b"x"),
    ("longest trailer", b"1\r\nx\r\n0\r\nA: " + b"b" * 55 + b"\r\n\r\n", b"x"),
    # too much
    ("one byte more", b"65\r\n", 413),
    ("one byte more, in two", b"64\r\n" + b"a" * 100 + b"\r\n1\r\n", 413),
    ("far more", b"FFFFFFFF\r\n", 413),
    ("long extension", b"1;" + b"a" * 60 + b"\r\n", 431),
    ("long extensions", b"1;" + b"a" * 30 + b"\r\nx\r\n1;" + b"a" * 29 + b"\r\n", 431),
    ("endless extension", b"1;" + b"a" * 90, 431),
    ("long trailer", b"0\r\nA: " + b"b" * 56 + b"\r\n", 431),
    ("long trailers", b"0\r\n" + 11 * b"A: b\r\n", 431),
    ("endless trailer", b"0\r\nA: " + b"b" * 90, 431),
    ("extension and trailer", b"1;" + b"a" * 29 + b"\r\nx\r\n0\r\nA: " + b"b" * 26 + b"\r\n", 431),
    # sizes
    ("no size", b"\r\n", 400),
    ("no size but an extension", b";a\r\n", 400),
    ("a word", b"x\r\n", 400),
    ("a word that does not end", b"xy", 400),
    ("a digit and a word", b"1g\r\n", 400),
    ("0x", b"0x1\r\n", 400),
    ("sign", b"+1\r\n", 400),
    ("negative", b"-1\r\n", 400),
    ("underscore", b"1_0\r\n", 400),
    ("space before", b" 1\r\n", 400),
    ("space after", b"1 \r\n", 400),
    ("tab after", b"1\t\r\n", 400),
    ("space before the semicolon", b"1 ;a\r\n", 400),
    ("comma", b"1,1\r\n", 400),
    ("point", b"1.0\r\n", 400),
    ("other digits", "１\r\n".encode(), 400),
    ("nine digits", b"000000001\r\n", 400),
    ("nine digits that do not end", b"000000001", 400),
    ("quoted", b'"1"\r\n', 400),
    # line ends
    ("bare LF after the size", b"1\nx\r\n0\r\n\r\n", 400),
    ("bare CR after the size", b"1\rx\r\n0\r\n\r\n", 400),
    ("CR CR LF after the size", b"1\r\r\nx\r\n", 400),
    ("LF CR after the size", b"1\n\rx\r\n", 400),
    ("bare LF first", b"\n1\r\n", 400),
    ("bare LF in an extension", b"1;a\nb\r\nx\r\n0\r\n\r\n", 400),
    ("bare CR in an extension", b"1;a\rb\r\nx\r\n0\r\n\r\n", 400),
    ("NUL in an extension", b"1;a\0\r\n", 400),
    ("DEL in an extension", b"1;a\x7f\r\n", 400),
    ("no line end after the data", b"1\r\nxy", 400),
    ("no line end after the data but the next chunk", b"1\r\nx0\r\n\r\n", 400),
    ("bare LF after the data", b"1\r\nx\n", 400),
    ("bare CR after the data", b"1\r\nx\r0", 400),
    ("space after the data", b"1\r\nx \r\n", 400),
    ("bare LF at the end", b"0\r\n\n", 400),
    ("bare CR at the end", b"0\r\n\rA\r\n", 400),
    # trailers
    ("a trailer without a colon", b"0\r\nA\r\n\r\n", 400),
    ("a trailer without a name", b"0\r\n: a\r\n\r\n", 400),
    ("a request for a trailer", b"0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("a folded trailer", b"0\r\nA: b\r\n c\r\n\r\n", 400),
    ("a space before the colon of a trailer", b"0\r\nA : b\r\n\r\n", 400),
    ("a trailer that ends in a bare LF", b"0\r\nA: b\n\r\n", 400),
    ("bare CR in a trailer", b"0\r\nA: b\rc\r\n\r\n", 400),
    ("ESC in a trailer", b"0\r\nA: \x1b\r\n\r\n", 400),
    ("a trailer's name not ASCII", b"0\r\n\xe9: b\r\n\r\n", 400),
    # not all of it
    ("no byte", b"", None),
    ("half a size", b"1", None),
    ("half a line end", b"1\r", None),
    ("half a chunk", b"3\r\nab", None),
    ("a chunk without its line end", b"3\r\nabc", None),
    ("a chunk with half its line end", b"3\r\nabc\r", None),
    ("no last chunk", b"3\r\nabc\r\n", None),
    ("half a last chunk", b"3\r\nabc\r\n0\r\n", None),
    ("half a last line end", b"3\r\nabc\r\n0\r\n\r", None),
    ("half a trailer", b"0\r\nA: ", None),
    ("no end of trailers", b"0\r\nA: b\r\n", None),
]  # fmt: skip


def decode(pieces: Iterator[bytes] | list[bytes]) -> tuple[bytes | int | None, bytes]:
    """What comes of a body that arrives in `pieces`: as in CHUNKS, and what is not its own."""
    chunks = Chunks(MOST, SKIPPED)
    buffer = bytearray()
    try:
        for piece in pieces:
            buffer += piece
            start = chunks.take(buffer, 0, len(buffer))
            del buffer[:start]
    except Refusal as refusal:
        return refusal.args[0], b""
    if not chunks.is_over:
        return None, bytes(buffer)
    return (413, b"") if chunks.length > MOST else (bytes(chunks.body), bytes(buffer))


@pytest.mark.parametrize(("data", "expected"), [row[1:] for row in CHUNKS], ids=[row[0] for row in CHUNKS])
def test_chunks_cut_anywhere(data: bytes, expected: bytes | int | None) -> None:
    """In one piece, in two cut at each place, byte by byte: the same, and the next request is left alone."""
    after = NEXT if isinstance(expected, bytes) else b""
    data += after
    for cut in range(len(data) + 1):
        got, rest = decode([data[:cut], data[cut:]])
        assert got == expected
        assert expected is None or rest == after
    assert decode([data[i : i + 1] for i in range(len(data))])[0] == expected
    assert decode([data])[0] == expected


def test_the_buffer_may_begin_anywhere() -> None:
    """As the receiver's does, which holds a head before and a request after."""
    data = b"0\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET"
    chunks = Chunks(MOST, SKIPPED)
    assert chunks.take(bytearray(data), 5, len(data)) == len(data) - 3
    assert (bytes(chunks.body), chunks.is_over) == (b"abc", True)
    assert chunks.take(bytearray(data), 0, 5) == 0  # takes nothing once it is over


# --- h11, which many Python servers are made of


def h11_decode(data: bytes) -> tuple[bytes | int | None, bytes]:
    """As decode(), by h11."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert isinstance(server.next_event(), h11.Request)
    server.receive_data(data)
    body = b""
    try:
        while not isinstance(event := server.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                return None, b""
            assert isinstance(event, h11.Data)
            body += bytes(event.data)
    except h11.RemoteProtocolError as error:
        return error.error_status_hint, b""
    return body, server.trailing_data[0]


# Where this camera refuses on purpose what h11 takes, each by what is seen in the bytes:
STRICTER = {
    "spaces after the size, which h11 forgives": rb"(?:^|\n)[0-9a-fA-F]+(?:;[^\n]*)?[ \t]+\r\n",
    "more than eight digits": rb"[0-9a-fA-F]{9}",
    "a control character or a bare CR in an extension": rb";[^\n]*[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\r](?!\n)",
    "a trailer that ends in a bare LF": rb"0(?:;[^\n]*)?\r\n(?:.|\n)*(?<!\r)\n",
    "a folded trailer": rb"\n[ \t]",
    "a control character in a trailer": rb"\n[^\n:]+:[^\n]*[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]",
    "more than is taken": rb"(?s).{60}",
}
# Where h11 refuses what this camera takes: it reads trailers as headers, which are dropped here.
LOOSER = rb"(?im)^(?:content-length|transfer-encoding|host)|: *[ \t]"

_bits = st.sampled_from(
    [
        b"0\r\n\r\n", b"0\r\n", b"3\r\nabc\r\n", b"1\r\nx\r\n", b"a\r\n0123456789\r\n", b"0", b"1", b"f",
        b"F", b"00",
        b"\r\n", b"\r", b"\n", b";", b";a=b", b'"', b" ", b"\t", b"A: b\r\n", b"B:\r\n", b":", b"x", b"g",
        b"-", b"+", b"0x", b"_", b"\0", b"\x0b", b"\x7f", b"\xe9", b"000000000", b"Content-Length: 1\r\n",
        b"\r\n 1",
    ]
)  # fmt: skip


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A body that is right, with up to three pieces put in or cut out."""
    chunks = draw(st.lists(st.binary(min_size=1, max_size=12), max_size=3))
    data = b"".join(
        b"%x%b\r\n%b\r\n" % (len(c), draw(st.sampled_from([b"", b";a", b"; a"])), c) for c in chunks
    )
    data += b"0\r\n" + draw(st.sampled_from([b"", b"A: b\r\n", b"A: b\r\nC: d e\r\n"])) + b"\r\n"
    data += draw(st.sampled_from([b"", NEXT]))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(_bits) + data[at + draw(st.integers(0, 2)) :]
    return data


def test_h11_takes_the_same() -> None:
    outcomes: Counter[str] = Counter()

    @settings(
        max_examples=2500,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(bodies() | st.lists(_bits, max_size=8).map(b"".join))
    def check(data: bytes) -> None:
        ours, our_rest = decode([data])
        theirs, their_rest = h11_decode(data)
        if isinstance(ours, bytes):
            outcomes["taken"] += 1
            if isinstance(theirs, bytes):
                assert (ours, our_rest) == (theirs, their_rest)
            else:
                assert re.search(LOOSER, data), (data, theirs)
        elif isinstance(theirs, bytes):
            outcomes["stricter"] += 1
            assert any(re.search(pattern, data) for pattern in STRICTER.values()), (data, ours, theirs)
        else:
            outcomes["refused" if ours else "unfinished"] += 1

    check()
    assert min(outcomes[name] for name in ("taken", "refused", "unfinished")) > 40, outcomes
    assert outcomes["stricter"] > 8, outcomes


# --- over the wire

HEAD = P + b"Transfer-Encoding: chunked\r\n"
ABC = b"3\r\nabc\r\n0\r\n\r\n"


def echo(answer: tuple[int, dict[str, str], bytes]) -> dict[str, object]:
    assert answer[0] == 200
    return json.loads(answer[2])


def echoes(heard: Heard) -> list[dict[str, object]]:
    """What the handler saw of each request of a conversation."""
    found = []
    data = heard.answer
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        size = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        assert head.startswith(b"HTTP/1.1 200 ")
        found.append(json.loads(data[:size]))
        data = data[size:]
    return found


def test_as_the_handler_sees_it(talk: Talk) -> None:
    """As with a Content-Length: RFC 9112 section 7.1.3. Trailers are dropped."""
    data = HEAD + b"A: 1\r\nTrailer: A\r\n\r\n3;x=y\r\nabc\r\n3\r\ndef\r\n0\r\nA: 2\r\nHost: b\r\n\r\n"
    (seen,) = echoes(talk(data, end=CLOSED))
    assert seen["body"] == "abcdef"
    assert seen["headers"] == {"host": "camera", "a": "1", "trailer": "A", "content-length": "6"}


@pytest.mark.parametrize("cut", range(1, len(ABC)))
def test_cut_by_the_network(talk: Talk, cut: int) -> None:
    (seen,) = echoes(talk(HEAD + b"\r\n" + ABC[:cut], ABC[cut:], end=CLOSED))
    assert seen["body"] == "abc"


def test_the_next_request_follows(talk: Talk) -> None:
    """Pipelined, and later: the connection goes on where the chunks end."""
    data = 2 * (HEAD + b"\r\n" + ABC) + P + b"Content-Length: 2\r\n\r\nzz" + HEAD + b"\r\n0\r\n\r\n"
    seen = echoes(talk(data, HEAD + b"\r\n" + ABC, end=CLOSED))
    assert [each["body"] for each in seen] == ["abc", "abc", "zz", "", "abc"]


def test_the_next_request_follows_over_a_socket(server: Server) -> None:
    with Client(server) as client:
        client.send(2 * (HEAD + b"\r\n" + ABC))
        assert [echo(client.answer())["body"] for _ in range(2)] == ["abc", "abc"]
        assert echo(client.ask(HEAD + b"\r\n" + ABC))["body"] == "abc"


def test_more_than_the_buffer(server: Server) -> None:
    """Chunks that are larger than the receiver's buffer, and 16384 bytes in all, the most that is taken."""
    body = bytes(range(32, 96)) * 256
    chunks = [body[:1], body[1:9000], body[9000:]]
    data = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    with Client(server) as client:
        assert echo(client.ask(HEAD + b"\r\n" + data))["body"] == body.decode()
        many = b"".join(b"1\r\n%c\r\n" % byte for byte in body[:5000]) + b"0\r\n\r\n"
        assert echo(client.ask(HEAD + b"\r\n" + many))["body"] == body[:5000].decode()


def test_trailers_longer_than_the_buffer(server: Server) -> None:
    with Client(server) as client:
        data = HEAD + b"\r\n3\r\nabc\r\n0\r\nA: " + b"a" * 8000 + b"\r\n\r\n"
        assert echo(client.ask(data))["body"] == "abc"
        assert echo(client.ask(HEAD + b"\r\n" + ABC))["body"] == "abc"


@pytest.mark.parametrize(
    "data",
    [b"4001\r\n", b"4000\r\n" + b"a" * 16384 + b"\r\n1\r\n", b"FFFFFFFF\r\n"],
    ids=["one", "two", "far"],
)
def test_over_the_limit(talk: Talk, data: bytes) -> None:
    """413 as with a Content-Length, by the application."""
    heard = talk(HEAD + b"\r\n" + data)
    status, _, headers, body = parse(heard.answer)
    assert (status, headers["X-Marked"], headers["Connection"]) == (413, "yes", "close")
    assert b"longer than 16384 bytes" in body
    assert heard.counted["handled"] == 0


def test_over_the_limit_is_readable(patient: Server) -> None:
    with patient.connect() as client:
        client.sendall(HEAD + b"\r\n" + 60 * (b"1000\r\n" + b"a" * 4096 + b"\r\n") + b"0\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        assert parse(read_all(client))[0] == 413


def test_expect_100_continue(server: Server) -> None:
    with server.connect() as client:
        client.sendall(HEAD + ONCE + b"Expect: 100-continue\r\n\r\n")
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(ABC)
        assert json.loads(parse(read_all(client))[3])["body"] == "abc"


def test_who_does_not_wait_is_not_asked(talk: Talk) -> None:
    answer = talk(HEAD + ONCE + b"Expect: 100-continue\r\n\r\n" + ABC).answer
    assert json.loads(parse(answer)[3])["body"] == "abc"


def test_late_chunks(talk: Talk) -> None:
    """The time is for all of the body; test_exchange.py shows that no chunk extends it."""
    heard = talk(HEAD + b"\r\n", *[b"1\r\nx\r\n"] * 50)
    assert heard.answer.startswith(b"HTTP/1.1 408 ")
    assert b"the body did not arrive in time" in heard.answer
    assert (heard.counted["handled"], heard.counted["timeouts"]) == (0, 1)


# --- clients


def need(program: str) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    return program


def test_http_client(server: Server) -> None:
    """Python's own, with an iterator for a body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for _ in range(2):
        connection.request("PUT", "/echo", iter([b"one ", b"two"]), encode_chunked=True)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["body"]) == (200, "one two")
    connection.close()


@pytest.mark.parametrize("size", [0, 1, 16384])
def test_curl(server: Server, size: int) -> None:
    """curl -T - sends chunks, with Expect: 100-continue."""
    command = [need("curl"), "-sS", "-T", "-", "-H", "Expect: 100-continue", server.url + "/echo"]
    done = subprocess.run(command, input=b"c" * size, stdout=subprocess.PIPE, timeout=30, check=True)
    assert json.loads(done.stdout)["body"] == "c" * size


def test_curl_reads_413(patient: Server) -> None:
    command = [need("curl"), "-sS", "-T", "-", "-w", "%{http_code}", "-o", "/dev/null", patient.url + "/echo"]
    done = subprocess.run(command, input=b"c" * 200_000, stdout=subprocess.PIPE, timeout=30, check=True)
    assert done.stdout == b"413"


_NODE = """
const http = require("http");
const request = http.request(process.argv[1] + "/echo", {method: "PUT"}, (answer) => {
  let text = "";
  answer.on("data", (piece) => { text += piece; });
  answer.on("end", () => { console.log(text); });
});
request.write("one ");
setTimeout(() => { request.write("two "); request.end("three"); }, 20);
"""


def test_node(server: Server) -> None:
    """A stream of Node's http, as axios sends one."""
    command = [need("node"), "-e", _NODE, server.url]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=30, check=True)
    seen = json.loads(done.stdout)
    assert (seen["body"], seen["headers"]["content-length"]) == ("one two three", "13")
    assert "transfer-encoding" not in seen["headers"]
