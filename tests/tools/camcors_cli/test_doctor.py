"""`camcors doctor`: real requests to the running camera, and to small servers with one fault each."""

from __future__ import annotations

import errno
import json
import os
import pty
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from camcors_cli.browser import reach, requests
from camcors_cli.commands.doctor import doctor
from click.testing import CliRunner, Result

from access import secret
from access.document import SENTENCES, Access
from access.roles import ROLES
from camcors.http.phases import WORDS_NO_METHOD
from camcors.routes import REMEDY
from cors import Policy
from tests.kit.camera import Camera, free_port

A = "https://a.example"
REPORT = json.dumps({"board": "HOST", "firmware": "1.2.3", "policy": {"state": "active"}})


def ask(*args: str) -> Result:
    return CliRunner().invoke(doctor, args, prog_name="camcors doctor")


def lines(result: Result) -> list[str]:
    return result.stdout.splitlines()


def verdict(result: Result) -> str:
    """What the browser decides."""
    (line,) = [line for line in lines(result) if line.startswith(("CORS: ", "blocked: "))]
    return line.removeprefix("CORS: ")


def endpoint(result: Result) -> str:
    """What the endpoint makes of it, "" if it is not reached."""
    (line,) = [line for line in lines(result) if line.startswith("endpoint: ")] or [""]
    return line.removeprefix("endpoint: ")


def commands(result: Result) -> list[str]:
    return [line.strip() for line in lines(result) if line.startswith("  camcors ")]


# --- servers


class Server:
    """Answers each connection by `answer`, called with the head that came; None holds it open.

    heads: what was asked, each a list of lines.
    """

    def __init__(self, answer: Callable[[list[str]], bytes | None]):
        self.heads: list[list[str]] = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stop = threading.Event()
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.place}"

    @property
    def methods(self) -> list[str]:
        return [head[0].partition(" ")[0] for head in self.heads]

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._stop.is_set():
                client.close()
                return
            self._held.append(client)
            try:
                self._converse(client)
            except OSError:
                client.close()  # the doctor is gone

    def _converse(self, client: socket.socket) -> None:
        client.settimeout(10)
        data = b""
        while b"\r\n\r\n" not in data:
            block = client.recv(4096)
            if not block:
                break
            data += block
        head = data.decode("latin-1").partition("\r\n\r\n")[0].split("\r\n")
        self.heads.append(head)
        answer = self._answer(head)
        if answer is None:
            return
        client.sendall(answer)
        client.close()

    def close(self) -> None:
        self._stop.set()
        with socket.create_connection(self._listener.getsockname(), timeout=5):
            pass
        self._thread.join(timeout=15)
        self._listener.close()
        for client in self._held:
            client.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[list[str]], bytes | None]], Server]]:
    servers: list[Server] = []

    def make(answer: Callable[[list[str]], bytes | None]) -> Server:
        servers.append(Server(answer))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


def reply(status: int, *headers: str, body: str = "") -> bytes:
    rows = [f"HTTP/1.1 {status} X", *headers, f"Content-Length: {len(body.encode())}", "Connection: close"]
    return "\r\n".join([*rows, "", body]).encode("latin-1", "surrogateescape")


def camera_with(
    *headers: str, status: int = 200, preflight: tuple[str, ...] = (), preflight_status: int = 204
):
    """What a camera answers that is faulty in its headers: `headers` to the page, `preflight` to OPTIONS."""

    def answer(head: list[str]) -> bytes:
        has_origin = any(row.lower().startswith("origin:") for row in head)
        if not has_origin:
            return reply(200, body=REPORT)
        if head[0].startswith("OPTIONS "):
            return reply(preflight_status, *preflight)
        return reply(status, *headers, body="x")

    return answer


def stranger(*headers: str, status: int = 200) -> Callable[[list[str]], bytes]:
    """A server that is no camcors camera."""
    return lambda head: reply(status, *headers, body="<html>")


ALLOW = f"Access-Control-Allow-Origin: {A}"
STAR = "Access-Control-Allow-Origin: *"
LOGIN = "Access-Control-Allow-Credentials: true"
MINE = f"camcors policy allow {A}"
CREDENTIALS = "camcors policy set allow_credentials true"
OTHER = "it is not a camcors camera, so no command of camcors changes that"

# The server, the arguments, the verdict, the commands, and lines that are said beside.
FAULTS: list[tuple[Any, tuple[str, ...], str, list[str], list[str]]] = [
    (camera_with(ALLOW), (), "allowed", [],
     ["ok   it is a camcors camera: HOST, firmware 1.2.3", "ok   its /policy.json is in force"]),
    (camera_with(), (), f"blocked: the origin {A} is not allowed", [MINE],
     ["no   the page may not read the answer: no Access-Control-Allow-Origin"]),
    (camera_with("Access-Control-Allow-Origin: https://b.example"), (),
     f"blocked: the origin {A} is not allowed", [MINE],
     ["no   the page may not read the answer: Access-Control-Allow-Origin: https://b.example"]),
    (camera_with(f"Access-Control-Allow-Origin: {A}, https://b.example"), (),
     f"blocked: the origin {A} is not allowed", [MINE],
     [f"no   the page may not read the answer: Access-Control-Allow-Origin: {A}, https://b.example"]),
    (camera_with(ALLOW, ALLOW), (), f"blocked: the origin {A} is not allowed", [MINE],
     [f"no   the page may not read the answer: Access-Control-Allow-Origin: {A}, {A}"]),
    (camera_with(ALLOW + "/"), (), f"blocked: the origin {A} is not allowed", [MINE], []),
    (camera_with("Access-Control-Allow-Origin: null"), (), f"blocked: the origin {A} is not allowed", [MINE],
     []),
    (camera_with(STAR), (), "allowed", [], []),
    (camera_with(STAR, LOGIN), ("--credentials",),
     "blocked: any origin is allowed (*), and so none with credentials",
     [f"camcors policy set allowed_origins {A}", CREDENTIALS], []),
    (camera_with(ALLOW), ("--credentials",), "blocked: credentials are not allowed", [CREDENTIALS], []),
    (camera_with(ALLOW, "Access-Control-Allow-Credentials: True"), ("--credentials",),
     "blocked: credentials are not allowed", [CREDENTIALS], []),
    (camera_with(ALLOW, LOGIN), ("--credentials",), "allowed", [], []),
    (camera_with(ALLOW, status=404), (), "allowed", [],
     ["note the GET is sent and answered 404", "endpoint: answers 404"]),
    (camera_with(ALLOW, "Location: http://evil.example/\x1b[31m", status=302), (),
     "blocked: the answer is a redirect to http://evil.example/\\x1b[31m", [],
     ["no   the page may not read the answer: it is a redirect"]),
    (camera_with(status=302), (), f"blocked: the origin {A} is not allowed", [MINE], []),
    (camera_with(ALLOW, preflight=(ALLOW, "Access-Control-Allow-Methods: PUT")), ("--method", "PUT"),
     "allowed", [], ["note the PUT itself is not sent; a GET in its place is answered 200"]),
    (camera_with(ALLOW, preflight=(ALLOW,)), ("--method", "PUT"), "blocked: the method PUT is not allowed",
     ["camcors policy set allowed_methods GET,PUT"], ["no   so the PUT is not sent"]),
    (camera_with(ALLOW, preflight=(ALLOW, "Access-Control-Allow-Methods: GET, DELETE")), ("--method", "PUT"),
     "blocked: the method PUT is not allowed", ["camcors policy set allowed_methods GET,DELETE,PUT"], []),
    (camera_with(ALLOW, preflight=(ALLOW, "Access-Control-Allow-Methods: put")), ("--method", "PUT"),
     "blocked: the method PUT is not allowed", ["camcors policy set allowed_methods GET,PUT"], []),
    (camera_with(ALLOW, preflight=(ALLOW,)), ("--method", "put"), "blocked: the method PUT is not allowed",
     ["camcors policy set allowed_methods GET,PUT"], ["no   so the PUT is not sent"]),
    (camera_with(ALLOW, preflight=(ALLOW,)), ("--method", "patch"),
     "blocked: the method patch is not allowed", [],
     ["but: browsers send patch as written; write PATCH in the page"]),
    (camera_with(ALLOW, preflight=(ALLOW,), preflight_status=404), ("--method", "PUT"),
     "blocked: the preflight is answered 404, not 200 to 299", [],
     [f"no   the preflight is answered 404 with {ALLOW}"]),
    (camera_with(ALLOW, preflight=(), preflight_status=404), ("--method", "PUT"),
     f"blocked: the origin {A} is not allowed", [MINE], []),
    (camera_with(ALLOW, preflight=(ALLOW, "Access-Control-Allow-Headers: X-A")),
     ("--header", "X-A", "--header", "X-B"), "blocked: the header X-B is not allowed",
     ["camcors policy set allowed_headers X-A,X-B"], []),
    (camera_with(ALLOW, preflight=(ALLOW, "Access-Control-Allow-Headers: *")),
     ("--header", "Authorization"),
     "blocked: the header Authorization is not allowed; * does not cover Authorization",
     ["camcors policy set allowed_headers Content-Type,Authorization"], []),
    (camera_with(ALLOW, LOGIN, preflight=(ALLOW, LOGIN, "Access-Control-Allow-Headers: *")),
     ("--header", "X-B", "--credentials"), "blocked: the header X-B is not allowed",
     ["camcors policy set allowed_headers X-B"], []),
    (camera_with(ALLOW, preflight=(ALLOW, "Access-Control-Allow-Headers: a b")), ("--header", "X-B"),
     "blocked: the preflight's Allow-Methods or Allow-Headers is not a list of tokens", [], []),
    (camera_with(ALLOW, preflight=(ALLOW,), preflight_status=301), ("--method", "PUT"),
     "blocked: the preflight is answered 301, not 200 to 299", [], []),
    (camera_with(ALLOW), ("--method", "TRACE"), "blocked: no page may use the method TRACE", [],
     ["but: no policy allows that: use another method"]),
    (stranger(), (), f"blocked: the origin {A} is not allowed", [],
     [OTHER, "note it is not a camcors camera (/api/status is answered 200 without a camera's report); "
      "judged all the same"]),
    (stranger(ALLOW), (), "allowed", [], []),
    (stranger(ALLOW, status=404), (), "allowed", [],
     ["note the GET is sent and answered 404", "endpoint: answers 404"]),
    (stranger(status=421), (), "blocked: the camera does not answer to the Host {place}", [], [OTHER]),
    (lambda head: reply(421, body='{"error": "\\u001b]0;x\\u0007", "code": "foreign-host"}'), (),
     "blocked: the camera does not answer to the Host {place}",
     ["camcors policy set allowed_hosts 127.0.0.1"], ["no   it does not answer to the Host {place}: 421"]),
    (camera_with("Access-Control-Allow-Origin: \x1b[2J\x01"), (), f"blocked: the origin {A} is not allowed",
     [MINE], ["no   the page may not read the answer: Access-Control-Allow-Origin: \\x1b[2J\\x01"]),
    (lambda head: reply(200, ALLOW, body=json.dumps({"board": "\x1b[31m\u202e", "firmware": "\x07",
     "policy": {"state": "active"}})), (), "allowed", [],
     ["ok   it is a camcors camera: \\x1b[31m\\u202e, firmware \\x07"]),
    (lambda head: reply(200, ALLOW, body=REPORT.replace("active", "last-good")), (), "allowed", [],
     ["note its /policy.json is not in force, it is not valid: see camcors policy show"]),
    (lambda head: reply(200, ALLOW, body=REPORT.replace("active", "missing")), (), "allowed", [],
     ["note its /policy.json is not in force, there is none: see camcors policy show"]),
    (lambda head: reply(200, ALLOW, body=REPORT.replace("active", "damaged")), (), "allowed", [],
     ["note its /policy.json is not in force, it is damaged: see camcors policy show"]),
    (lambda head: reply(200, ALLOW, body="[" * 9000), (), "allowed", [], []),
    (lambda head: b"HTTP/1.0 200 OK\r\n" + ALLOW.encode() + b"\r\n\r\n{}", (), "allowed", [], []),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "args", "said", "mended_by", "beside"), FAULTS)
def test_a_server_with_one_fault(serve, answer, args, said, mended_by, beside) -> None:
    server = serve(answer)
    result = ask(server.url, "--origin", A, *args)
    assert verdict(result) == said.format(place=server.place)
    assert commands(result) == mended_by
    is_refused = endpoint(result).startswith("answers 4")
    assert result.exit_code == (0 if said == "allowed" and not is_refused else 1)
    for line in beside:
        assert line.format(place=server.place) in lines(result)
    assert all(char.isprintable() or char == "\n" for char in result.stdout)
    assert not {"PUT", "TRACE"} & set(server.methods)


SWITCHED_OFF = "check that the camera is switched on and in this network, and its address"
PORT = "is it the camera's port? its pages are at port 80, unless /camera.json gives another"


@pytest.mark.parametrize(
    ("answer", "what", "remedy"),
    [
        (lambda head: None, "takes the connection, but does not answer", SWITCHED_OFF),
        (lambda head: b"", "closes the connection without an answer", PORT),
        (lambda head: b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "does not speak HTTP", PORT),
        (lambda head: b"\x15\x03\x01\x00\x02\x02F\x1b[31m", "does not speak HTTP", PORT),
        (lambda head: b"HTTP/1.1 200 OK\r\nA: " + b"a" * 200000, "does not speak HTTP", PORT),
        (
            lambda head: reply(503, body="full\x1b[31m\n"),
            "is busy: full\x1b[31m",
            "close a viewer, or try again",
        ),
        (
            lambda head: reply(503, body='{"error": "full\\u001b[31m", "code": "busy"}'),
            "is busy: full\x1b[31m",
            "close a viewer, or try again",
        ),
    ],
)
def test_no_http(serve, monkeypatch: pytest.MonkeyPatch, answer, what: str, remedy: str) -> None:
    monkeypatch.setattr(requests, "_READ_S", 0.3)
    server = serve(answer)
    result = ask(server.url, "--origin", A, "--json")
    assert result.exit_code == 3
    said = json.loads(result.stdout)
    assert (said["error"], said["remedy"]) == (f"{server.place} {what}", remedy)
    assert said["steps"][-1] == {"mark": "no", "text": said["error"]}
    assert lines(ask(server.url, "--origin", A))[-1] == "no   " + said["error"].replace("\x1b", r"\x1b")


def test_refused() -> None:
    port = free_port()
    result = ask(f"http://127.0.0.1:{port}", "--origin", A)
    assert result.exit_code == 3
    assert lines(result)[-1] == f"no   127.0.0.1:{port} refuses the connection"
    assert result.stderr.splitlines()[-1] == f"camcors: 127.0.0.1:{port} refuses the connection; {PORT}"


def test_a_name_without_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "resolve", lambda host: [])
    result = ask("camcors.local", "--origin", A)
    assert result.exit_code == 3
    assert "no   no address is known of camcors.local" in lines(result)
    assert "note http:// is assumed" in lines(result)


@pytest.mark.parametrize(
    ("number", "what"),
    [
        (errno.EHOSTUNREACH, "there is no way to 192.168.4.1 from here"),
        (errno.ENETUNREACH, "there is no way to 192.168.4.1 from here"),
        (errno.ECONNRESET, "the connection to 192.168.4.1 was lost"),
    ],
)
def test_the_network_s_own_faults(monkeypatch: pytest.MonkeyPatch, number: int, what: str) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise httpx.ConnectError("no") from OSError(number, "no")

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", fail)
    result = ask("192.168.4.1", "--origin", A)
    assert (result.exit_code, lines(result)[-1]) == (3, f"no   {what}")


def test_nothing_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise httpx.ConnectTimeout("no")

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", fail)
    result = ask("192.168.4.1", "--origin", A)
    assert (result.exit_code, lines(result)[-1]) == (3, "no   nothing answers at 192.168.4.1")


class Dripping(Server):
    """Sends `first`, then `drop` again and again until the client is gone."""

    def __init__(self, first: bytes, drop: bytes):
        self._first, self._drop = first, drop
        super().__init__(lambda head: b"")

    def _converse(self, client: socket.socket) -> None:
        client.recv(4096)
        client.sendall(self._first)
        while not self._stop.is_set():
            client.sendall(self._drop)
            time.sleep(0.02)


HEAD = b"HTTP/1.1 200 OK\r\n"
WHOLE = HEAD + ALLOW.encode() + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("first", "drop", "whole_s", "body_s", "status"),
    [
        (HEAD, b"a", 1.0, 0.2, 3),
        (WHOLE, b"a", 5.0, 0.2, 0),
        (WHOLE, b"a" * 100000, 5.0, 60.0, 0),
    ],
    ids=["headers", "body", "fast body"],
)
def test_a_server_without_end(
    monkeypatch: pytest.MonkeyPatch, first: bytes, drop: bytes, whole_s: float, body_s: float, status: int
) -> None:
    monkeypatch.setattr(requests, "_WHOLE_S", whole_s)
    monkeypatch.setattr(requests, "_BODY_S", body_s)
    server = Dripping(first, drop)
    try:
        assert ask(server.url, "--origin", A).exit_code == status
    finally:
        server.close()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""], ids=["http", "nothing"])
def test_tls(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    monkeypatch.setattr(requests, "_CONNECT_S", 0.5)
    server = Dripping(answer, b"")
    place = server.place
    try:
        result = ask(f"https://{place}", "--origin", A)
    finally:
        server.close()
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1] == (
        f"camcors: there is no TLS at {place}; the camera speaks http: write http://{place}/api/status"
    )


# --- what is sent


def test_the_requests_are_those_of_a_browser(serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    preflight = (ALLOW, "Access-Control-Allow-Methods: patch", "Access-Control-Allow-Headers: x-t")
    server = serve(camera_with(ALLOW, preflight=preflight))
    result = ask(f"{server.url}/x?y=1", "--origin", A, "--method", "patch", "--header", "X-T: v", "--send")
    assert verdict(result) == "allowed", result.output
    assert server.heads == [
        ["GET /api/status HTTP/1.1", f"Host: {server.place}"],
        ["OPTIONS /x?y=1 HTTP/1.1", f"Host: {server.place}", "Accept: */*",
         "Access-Control-Request-Method: patch",
         "Access-Control-Request-Headers: x-t", f"Origin: {A}"],
        ["patch /x?y=1 HTTP/1.1", f"Host: {server.place}", "X-T: v", f"Origin: {A}"],
        ["GET /x?y=1 HTTP/1.1", f"Host: {server.place}"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        (A, []),  # an https page tells http nothing
        ("http://localhost:8000", ["Referer: http://localhost:8000/"]),
        ("http://octoprint.local", ["Referer: http://octoprint.local/"]),
        ("null", []),
    ],
)
def test_a_picture_is_asked_for_as_an_img_asks(serve, origin: str, line: list[str]) -> None:
    server = serve(camera_with(f"Access-Control-Allow-Origin: {origin}"))
    ask(f"{server.url}/x", "--origin", origin)
    assert server.heads[-1] == ["GET /x HTTP/1.1", f"Host: {server.place}", *line]


@pytest.mark.parametrize(
    ("method", "send", "methods"),
    [
        ("GET", False, ["GET", "GET"]),
        ("HEAD", False, ["GET", "HEAD"]),
        ("POST", False, ["GET", "GET", "OPTIONS"]),
        ("POST", True, ["GET", "POST"]),
        ("PUT", False, ["GET", "OPTIONS", "GET", "OPTIONS"]),  # the last asks what the path takes
        ("put", True, ["GET", "OPTIONS", "PUT"]),
        ("OPTIONS", False, ["GET", "OPTIONS", "OPTIONS"]),
    ],
)
def test_nothing_that_changes_the_camera_is_sent_unasked(
    serve, method: str, send: bool, methods: list[str]
) -> None:
    preflight = (ALLOW, "Access-Control-Allow-Methods: PUT, OPTIONS")
    server = serve(camera_with(ALLOW, preflight=preflight, preflight_status=200))
    ask(server.url, "--origin", A, "--method", method, *["--send"] * send)
    assert server.methods == [*methods, "GET"]  # the last one as of an <img>


# --- where page and camera are


@pytest.mark.parametrize(
    ("origin", "host", "said", "code"),
    [
        ("https://93.184.215.14", "cam.example", "mixed content: browsers block the", "MIXED_CONTENT"),
        ("http://93.184.215.14", "cam.example", "Chrome 142 and later refuses", "LOCAL_NETWORK"),
        ("http://93.184.215.14", "127.0.0.1", "Chrome 142 and later refuses", "LOCAL_NETWORK"),
        ("https://93.184.215.14", "127.0.0.1", None, None),
        ("http://localhost:8000", "cam.example", None, None),
    ],
)
def test_what_the_place_blocks(serve, monkeypatch, origin: str, host: str, said: str | None, code) -> None:
    found = socket.getaddrinfo

    def look_up(name: Any, *args: Any, **kwargs: Any) -> Any:
        return found("127.0.0.1" if name in ("cam.example", b"cam.example") else name, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    server = serve(camera_with(STAR))
    url = server.url.replace("127.0.0.1", host)
    result = ask(url, "--origin", origin, "--json")
    found_out = json.loads(result.stdout)
    assert (result.exit_code, found_out["code"]) == (0 if said is None else 1, code)
    assert (found_out["reason"] or "").startswith(said or "")
    assert bool(found_out["remarks"]) is (said is not None)
    plain = lines(ask(url, "--origin", origin))
    assert any(
        line.startswith("to let it through: ") and "open the page from this computer" in line
        for line in plain
    ) is (said is not None)


def test_cors_is_named_before_the_place(serve) -> None:
    result = ask(serve(camera_with()).url, "--origin", "http://93.184.215.14")
    assert verdict(result) == "blocked: the origin http://93.184.215.14 is not allowed"
    assert any(line.startswith("no   Chrome 142 and later refuses") for line in lines(result))


# --- how it is written


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["ftp://cam"], '"ftp://cam": a camera speaks http or https; write http://cam'),
        (["http://u:p@cam"], "user name or password"),
        (["http://"], "no host"),
        (["http://[::1"], '"http://[::1" is not a URL; write http://192.168.4.1'),
        (["http://cam:0"], "not a port"),
        (["http://127.1"], "not an IPv4 address as a browser writes it"),
        (["http://*.example"], "is a pattern; write one URL"),
        (["http://cam/a b"], "write the path percent-encoded, such as /a%20b"),
        (["http://cam/\x1b"], '"http://cam/\\u001b": write the path percent-encoded'),
        (["http://cam", "--origin", "a.example"], 'no scheme; write "https://a.example"'),
        (["http://cam", "--method", "a b"], '"a b" is not a method'),
        ([], "Missing argument 'URL'"),
    ],
)
def test_a_usage_error(args: list[str], words: str) -> None:
    result = ask(*args, *(["--origin", A] if "--origin" not in args else []))
    assert result.exit_code == 2
    assert words in result.stderr.replace("\n", " ")
    assert "\x1b" not in result.stderr


def test_the_origin_is_required() -> None:
    result = ask("http://cam")
    assert (result.exit_code, "Missing option '--origin'" in result.stderr) == (2, True)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_signs_on_a_terminal_that_can(serve, encoding: str) -> None:
    server = serve(camera_with(ALLOW))
    command = [sys.executable, "-m", "camcors_cli", "doctor", server.url, "--origin", A]
    master, slave = pty.openpty()
    env = {**os.environ, "PYTHONIOENCODING": encoding, "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(command, stdout=slave, stderr=subprocess.DEVNULL, env=env) as process:
        os.close(slave)
        said = b""
        try:
            while block := os.read(master, 4096):
                said += block
        except OSError as exc:  # Linux's way to say that the other end is closed
            assert exc.errno == errno.EIO
        assert process.wait(timeout=60) == 0
    os.close(master)
    assert ("✓ ".encode() in said) is (encoding == "utf-8")
    assert (b"ok   " in said) is (encoding == "ascii")


# --- the running camera

POLICY = {
    "version": 1,
    "allowed_origins": ["http://localhost:8000"],
    "allowed_methods": ["GET"],
    "allowed_headers": ["X-A"],
}


def put(camera: Camera, fields: dict[str, Any]) -> None:
    text = json.dumps(fields)
    camera.put("policy.json", text)
    end = time.monotonic() + 10
    while status(camera)["policy"]["digest"] != Policy.from_json(text).digest:
        assert time.monotonic() < end
        time.sleep(0.05)


def status(camera: Camera) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{camera.url}/api/status", trust_env=False).json()
    return found


def run(camera: Camera, *args: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "CAMCORS_PORT": camera.repl}
    command = [sys.executable, "-m", "camcors_cli", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=env)


LOCAL = "http://localhost:8000"


@pytest.mark.parametrize(
    ("path", "args", "reasons"),
    [
        ("", ("--origin", LOCAL), []),
        ("/api/capture", ("--origin", LOCAL), []),
        ("/api/stream", ("--origin", LOCAL), []),
        ("", ("--origin", "https://b.example"), ["the origin https://b.example is not allowed"]),
        ("", ("--origin", "null"), ["the origin null is not allowed"]),
        ("/api/led", ("--origin", LOCAL, "--method", "PUT"), ["the method PUT is not allowed"]),
        ("", ("--origin", LOCAL, "--header", "X-B", "--header", "X-A"), ["the header X-B is not allowed"]),
        ("", ("--origin", LOCAL, "--credentials"), ["credentials are not allowed"]),
        (
            "/api/led",
            ("--origin", A, "--method", "PUT", "--header", "Content-Type", "--credentials"),
            [
                f"the origin {A} is not allowed",
                "credentials are not allowed",
                "the method PUT is not allowed",
                "the header Content-Type is not allowed",
            ],
        ),
    ],
)
def test_the_running_camera(camera: Camera, path: str, args: tuple[str, ...], reasons: list[str]) -> None:
    """Each reason in turn, each taken away by the commands that were named, typed as they are."""
    put(camera, {**POLICY, "allowed_origins": [LOCAL] if "null" not in args else []})
    before = status(camera)["camera"]["led"]
    for reason in reasons:
        result = ask(camera.url + path, *args)
        assert (verdict(result), result.exit_code) == (f"blocked: {reason}", 1)
        for command in commands(result):
            done = run(camera, *shlex.split(command)[1:], *["--yes"] * command.endswith(" null"))
            assert done.returncode == 0, done.stderr
    result = ask(camera.url + path, *args)
    assert (verdict(result), result.exit_code) == ("allowed", 0), result.output
    assert f"ok   it is a camcors camera: HOST, firmware {status(camera)['firmware']}" in lines(result)
    assert status(camera)["camera"]["led"] == before


GETS = "this path takes GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("path", "args", "said", "status"),
    [
        ("", (), "answers 200", 0),
        ("/api/led", ("--method", "PUT"), "takes PUT", 0),
        ("/api/led", ("--method", "PUT", "--send"),
         "answers 400: line 1, column 1: not JSON; write the missing value", 1),
        ("/api/camera", ("--method", "PUT"), "takes PUT", 0),
        ("/api/status", ("--method", "PUT"), f"answers 405 to PUT: {GETS}", 1),
        ("/api/status", ("--method", "PUT", "--send"), f"answers 405: {GETS}", 1),
        ("/api/status", ("--method", "POST"), f"answers 405 to POST: {GETS}", 1),
        ("/api/led", (), "answers 405: this path takes PUT, OPTIONS", 1),
        ("/nowhere", (), f"answers 404: there is nothing at this path; {REMEDY}", 1),
        ("/nowhere", ("--method", "PUT"), f"answers 404: there is nothing at this path; {REMEDY}", 1),
        ("/api/status", ("--method", "PURGE"), f"answers 501 to PURGE: {GETS}", 1),
        ("/api/status", ("--method", "PURGE", "--send"), f"answers 501: {WORDS_NO_METHOD}", 1),
    ],
)  # fmt: skip
def test_the_endpoint_of_the_running_camera(
    camera: Camera, path: str, args: tuple[str, ...], said: str, status: int
) -> None:
    put(camera, {"version": 1, "allowed_origins": [LOCAL]})
    result = ask(camera.url + path, "--origin", LOCAL, *args)
    assert lines(result)[-2:] == ["CORS: allowed", f"endpoint: {said}"]
    assert result.exit_code == status
    blocked = ask(camera.url + path, "--origin", "https://b.example", *args)
    assert verdict(blocked) == "blocked: the origin https://b.example is not allowed"
    if "--send" not in args:
        assert endpoint(blocked) == said
    found = json.loads(ask(camera.url + path, "--origin", LOCAL, *args, "--json").stdout)
    assert (found["verdict"], found["endpoint"]["works"]) == ("allowed", status == 0)


# What a server says of itself, the method and its line.
UNSENT = "not asked, since the PUT itself is not sent"
SEND = "--send sends the PUT itself, whatever it changes"  # advice, which the dashboard does not show
STRANGERS = [
    (b"HTTP/1.1 200 X\r\nAllow: GET,PUT\r\n", "PUT", "takes PUT", 0),
    (b"HTTP/1.1 200 X\r\nAllow: GET, POST\r\n", "PUT", "answers 405 to PUT: this path takes GET, POST", 1),
    (b"HTTP/1.1 200 X\r\n", "PUT", UNSENT, 0),
    (b"HTTP/1.1 500 X\r\n", "PUT", UNSENT, 0),
    (b"HTTP/1.1 405 X\r\nAllow: PUT\r\n", "GET", "answers 405: this path takes PUT", 1),
    (b"HTTP/1.1 500 X\r\n", "GET", "answers 500", 1),
]


@pytest.mark.parametrize(("head", "method", "said", "status"), STRANGERS)
def test_the_endpoint_of_a_stranger(serve, head: bytes, method: str, said: str, status: int) -> None:
    rest = f"{ALLOW}\r\nAccess-Control-Allow-Methods: PUT\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"

    def answer(asked: list[str]) -> bytes:
        is_preflight = any(row.startswith("Access-Control-Request-Method") for row in asked)
        return (b"HTTP/1.1 200 X\r\n" if is_preflight else head) + rest.encode()

    result = ask(serve(answer).url + "/x", "--origin", A, "--method", method)
    advice = [SEND] if said == UNSENT else []
    assert lines(result)[-2 - len(advice) :] == ["CORS: allowed", f"endpoint: {said}", *advice]
    assert result.exit_code == status


@pytest.mark.parametrize(
    ("preflight", "status", "sent"),
    [
        ("Access-Control-Allow-Methods: PUT", 200, ["PUT"]),
        ("Access-Control-Allow-Methods: PUT", 403, ["PUT"]),  # of a write guard
        ("Access-Control-Allow-Methods: DELETE", 200, []),
        ("X: y", 200, []),
    ],
)
def test_send_sends_what_a_browser_would(serve, preflight: str, status: int, sent: list[str]) -> None:
    methods: list[str] = []

    def answer(asked: list[str]) -> bytes:
        methods.append(asked[0].split()[0])
        return reply(status if methods[-1] == "PUT" else 200, preflight, ALLOW)

    ask(serve(answer).url + "/x", "--origin", A, "--method", "PUT", "--send")
    assert [each for each in methods if each not in ("GET", "OPTIONS")] == sent


def test_a_host_that_the_camera_does_not_answer_to(camera: Camera, monkeypatch) -> None:
    found = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda name, *args, **kwargs: found("127.0.0.1" if "cam" in str(name) else name, *args, **kwargs),
    )
    put(camera, POLICY)
    url = f"http://cam.example:{camera.port}"
    result = ask(url, "--origin", LOCAL)
    assert verdict(result) == f"blocked: the camera does not answer to the Host cam.example:{camera.port}"
    (command,) = commands(result)
    assert run(camera, *shlex.split(command)[1:]).returncode == 0
    assert verdict(ask(url, "--origin", LOCAL)) == "allowed"


def test_a_policy_that_is_not_valid_is_said(new_camera: Camera) -> None:
    new_camera.put("policy.json", "{")
    end = time.monotonic() + 10
    while status(new_camera)["policy"]["state"] == "active":
        assert time.monotonic() < end
        time.sleep(0.05)
    result = ask(new_camera.url, "--origin", LOCAL)
    assert "note its /policy.json is not in force, it is not valid: see camcors policy show" in lines(result)


def test_send_is_the_write_itself(camera: Camera) -> None:
    put(camera, POLICY)
    foreign = ("--origin", "https://b.example", "--method", "POST")
    result = ask(f"{camera.url}/api/led", *foreign, "--send")
    assert "no   the POST is sent, and the camera's write guard stops it: 403" in lines(result)
    assert verdict(result) == "blocked: the origin https://b.example is not allowed"


def test_the_real_command(camera: Camera, tmp_path: Path) -> None:
    put(camera, POLICY)
    done = run(camera, "doctor", f"127.0.0.1:{camera.port}", "--origin", LOCAL)
    assert done.stdout.splitlines()[-2:] == ["CORS: allowed", "endpoint: answers 200"]
    assert (done.returncode, done.stderr) == (0, "")
    assert "ok   no local-network permission is needed: the page is not public" in done.stdout
    done = run(camera, "doctor", camera.url, "--origin", A, "--json")
    assert (done.returncode, json.loads(done.stdout)["code"]) == (1, "NO_ALLOW_ORIGIN")
    assert "--send" in run(camera, "doctor", "--help").stdout


# --- a camera that asks for a token

TOKENS = {role: secret.canonical(f"{secret.PREFIX}{role:0<26}".replace("u", "v")) or "" for role in ROLES}
WRONG = secret.PREFIX + "wr0ng".rjust(26, "0")
MAKE = "to make one: camcors token add NAME --role "
NEEDS = "answers 401: this needs a token of the role view; make a token: camcors token add NAME --role view"
UNKNOWN = "answers 401: the camera does not know this token; write it as it was shown; if it was removed, "
UNKNOWN += "make another: camcors token add NAME --role view"
LOW = "answers 403: the role of the token is too low; to make one that may: camcors token add NAME --role "
WITH = "a page that has a token sends it: --token-file FILE asks as that page does"
READ = f"ok   the page may read the answer: Access-Control-Allow-Origin: {LOCAL}"
PICTURE = "note a plain <img> or <video> sends no token; give it a link, which POST /api/links makes"
LISTED = "ok   the preflight is answered 204 with Access-Control-Allow-Origin: {}, ".format(LOCAL)
LISTED += "Access-Control-Allow-Methods: GET, Access-Control-Allow-Headers: authorization"


@pytest.fixture(scope="module")
def locked(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    access = Access()
    for role, token in TOKENS.items():
        access = access.with_token(role, role, secret.hash_of(token).hex())
    with Camera(tmp_path_factory.mktemp("locked") / "flash.bin", access=None) as running:
        running.wait_ready()
        running.put("access.json", access.to_json())
        running.exec("from camcors import remote; remote.look()")
        yield running


# What is asked, the token; the endpoint's line, the exit status, and lines that are said beside.
LOCKS: list[tuple[str, tuple[str, ...], str, str, int, list[str]]] = [
    ("/api/status", (), "", NEEDS, 1,
     ["ok   it is a camcors camera", "note it is locked, and answers 401: it needs a token",
      "note the GET is sent and answered 401: it needs a token", READ, PICTURE, WITH]),
    ("/api/status", (), WRONG, UNKNOWN, 1,
     ["no   it is locked, and answers 401: the camera does not know the token", LISTED,
      "note the GET is sent and answered 401: the camera does not know the token", READ]),
    ("/api/status", (), TOKENS["view"], "answers 200", 0,
     ["ok   it knows the token", "ok   a preflight is needed: the header Authorization is not safelisted",
      LISTED, READ]),
    ("/api/status", (), TOKENS["view"].upper(), "answers 200", 0, ["ok   it knows the token"]),
    ("/api/access", (), TOKENS["control"],
     "answers 403: this needs the role admin, and the token has control; "
     "make a token: camcors token add NAME --role admin", 1,
     ["note the GET is sent and answered 403: the role of the token is too low", READ]),
    ("/api/access", (), TOKENS["admin"], "answers 200", 0, []),
    ("/api/led", ("--method", "PUT"), "",
     f"answers 401: it needs a token of the role control; {MAKE}control", 1,
     ["note the PUT itself is not sent; a GET in its place is answered 401: it needs a token", WITH]),
    ("/api/led", ("--method", "PUT"), TOKENS["view"], f"{LOW}control", 1, []),
    ("/api/led", ("--method", "PUT"), TOKENS["control"], "takes PUT", 0, []),
    ("/api/led", ("--method", "PUT"), TOKENS["admin"], "takes PUT", 0, []),
    ("/api/led", ("--method", "PUT", "--send"), TOKENS["view"],
     "answers 403: this needs the role control, and the token has view; "
     "make a token: camcors token add NAME --role control", 1,
     ["note the PUT is sent and answered 403: the role of the token is too low", READ]),
]  # fmt: skip


@pytest.mark.parametrize("row", LOCKS)
def test_a_camera_that_asks_for_a_token(locked: Camera, row: Any) -> None:
    path, args, token, said, status, beside = row
    shown = ["--token-file", "-"] if token else []
    command = [
        f"{locked.url}{path}",
        "--origin",
        LOCAL,
        *args,
        *shown,
    ]
    result = CliRunner().invoke(doctor, command, token, prog_name="camcors doctor")
    assert (verdict(result), endpoint(result), result.exit_code) == ("allowed", said, status)
    for line in beside:
        assert line in lines(result)
    whole = CliRunner().invoke(doctor, [*command, "--json"], token, prog_name="camcors doctor")
    for text in (result.output, whole.output):
        assert not token or token.lower() not in text.lower()


def test_a_camera_that_is_open_for_looking(program: Path, tmp_path: Path) -> None:
    text = json.dumps({"open_view": SENTENCES["open_view"][0]})
    with Camera(tmp_path / "flash.bin", access=text) as camera:
        camera.wait_ready()
        result = ask(camera.url, "--origin", LOCAL)
        assert (endpoint(result), result.exit_code) == ("answers 200", 0)
        result = ask(f"{camera.url}/api/led", "--origin", LOCAL, "--method", "PUT")
        said = f"answers 401: it needs a token of the role control; {MAKE}control"
        assert (endpoint(result), result.exit_code) == (said, 1)


def test_a_policy_that_does_not_list_authorization(locked: Camera, tmp_path: Path) -> None:
    locked.put(
        "policy.json", json.dumps({"version": 1, "allowed_origins": [LOCAL], "allowed_headers": ["X-A"]})
    )
    locked.exec("from camcors import remote; remote.look()")
    file = tmp_path / "token"
    file.write_text(TOKENS["view"] + "\n")
    result = ask(locked.url, "--origin", LOCAL, "--token-file", str(file))
    assert verdict(result) == "blocked: the header Authorization is not allowed"
    assert commands(result) == ["camcors policy set allowed_headers Authorization"]
    explained = [line for line in lines(result) if "prints the command" in line]
    assert len(explained) == 1 and "--header Authorization --host" in explained[0]
    assert TOKENS["view"] not in result.output
    done = run(locked, "explain", LOCAL)
    said = (
        "note the camera is locked: the page has to send a token of the role view, as Authorization: Bearer "
    )
    assert said + "(--header Authorization explains that)" in done.stdout.splitlines()
    said = "note a page that sends a token needs Authorization in allowed_headers, which no * covers: "
    assert said + "camcors policy set allowed_headers X-A,Authorization" in done.stdout.splitlines()
    done = run(locked, "explain", LOCAL, "PUT", "--path", "/api/led", "--header", "Authorization")
    assert "is locked" not in done.stdout
    assert commands_of(done.stdout) == ["camcors policy set allowed_headers X-A,Authorization"]
    done = run(locked, "policy", "set", "allowed_headers", "X-A,authorization")
    assert done.stderr == ""
    assert ask(locked.url, "--origin", LOCAL, "--token-file", str(file)).exit_code == 0
    done = run(locked, "policy", "set", "allowed_headers", "X-B")
    said = "camcors: pages that send a token need Authorization in allowed_headers, too, "
    assert done.stderr == f"{said}unless the camera is open\n"
    assert run(locked, "policy", "set", "max_age", "5").stderr == ""


def commands_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.startswith("  camcors ")]


@pytest.mark.parametrize(
    ("text", "args", "said"),
    [
        ("hello", (), "there is no token in it; write the line that camcors token add prints: "),
        ("", (), "there is no token in it; "),
        (f"{WRONG}\n{WRONG}", (), "there is no token in it; "),
        (WRONG, ("--header", "authorization: x"), "--token-file sends a header Authorization already"),
    ],
)
def test_a_token_file_that_is_refused(text: str, args: tuple[str, ...], said: str) -> None:
    command = ["camera.example", "--origin", LOCAL, "--token-file", "-", *args]
    result = CliRunner().invoke(doctor, command, text, prog_name="camcors doctor")
    assert result.exit_code == 2
    assert said in result.stderr
    assert WRONG not in result.output and "hello" not in result.output
