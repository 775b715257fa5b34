"""The REPL on a TCP port, when it is asked for: only mpremote's own first bytes open it."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.kit.camera import PROGRAM, TOP, Camera, free_port
from tests.kit.chromium import chromium

GREETING = b"\r\x03"
#: What must never run: it says so in /api/status.
CODE = b"\x03\r\n\r\nfrom camcors.start import state; state.fault('typed')\r\n\x04\r\n"


@pytest.fixture(scope="module")
def camera(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    flash = tmp_path_factory.mktemp("camera") / "flash.bin"
    with Camera(flash, insecure_repl_port=free_port()) as running:
        yield running.wait_ready()


def address(camera: Camera) -> tuple[str, int]:
    return "127.0.0.1", int(camera.repl.rpartition(":")[2])


def connect(camera: Camera) -> socket.socket:
    """A connection to the REPL's port; it is refused for the moment in which another one ends."""
    end = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection(address(camera), timeout=10)
        except ConnectionRefusedError:
            assert time.monotonic() < end
        time.sleep(0.01)


def is_closed(line: socket.socket) -> bool:
    """Whether the camera closes the connection without a word."""
    try:
        return line.recv(1000) == b""
    except ConnectionResetError:
        return True


def was_typed(camera: Camera) -> bool:
    """Whether CODE has run. mpremote goes first: what was typed before it has run by then."""
    end = time.monotonic() + 10
    while (done := camera.mpremote("resume", "exec", "print('alive')")).stdout != "alive\n":
        assert time.monotonic() < end, done.stderr
    return "typed" in camera.status()["faults"]


def http(method: str) -> bytes:
    head = f"{method} / HTTP/1.1\r\nHost: camera.example:2323\r\nContent-Length: {len(CODE)}\r\n\r\n"
    return head.encode() + CODE


def client_hello() -> bytes:
    """A TLS 1.2 ClientHello whose session ticket is CODE (RFC 5077, 3.2), between line ends."""
    ticket = CODE.ljust(400, b"\n")
    extension = struct.pack(">HH", 35, len(ticket)) + ticket
    body = b"\x03\x03" + bytes(32) + b"\x00" + b"\x00\x02\xc0\x2f" + b"\x01\x00"
    body += struct.pack(">H", len(extension)) + extension
    handshake = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + struct.pack(">H", len(handshake)) + handshake


WEBSOCKET = (
    b"GET / HTTP/1.1\r\nHost: camera.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" + CODE
)

FIRST_BYTES = {
    **{method: http(method) for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "PATCH", "X")},
    "lower case": http("put"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + CODE,
    "TLS": client_hello(),
    "WebSocket": WEBSOCKET,
    "FTP": b"USER anonymous\r\n" + CODE,
    "SMTP": b"EHLO x\r\n" + CODE,
    "Redis": b"*1\r\n$4\r\nPING\r\n" + CODE,
    "STUN (RFC 5389, 6)": b"\x00\x01\x00\x00\x21\x12\xa4\x42" + CODE,
    "SSH": b"SSH-2.0-x\r\n" + CODE,
    "blank lines": b"\r\n\r\n" + CODE,
    "a line feed": b"\n" + CODE,
    "code": b"print(1)\r\n" + CODE,
    "Ctrl-C": b"\x03" + CODE,
    "Ctrl-A": b"\x01" + CODE,
    "half of the greeting, twice": b"\r\r\x03" + CODE,
    "the greeting backwards": b"\x03\r\x03" + CODE,
    "another control character": b"\r\x01\r\x03" + CODE,
    "a line end between": b"\r\n\x03" + CODE,
    "the greeting after something": b"x" + GREETING + CODE,
    "nothing but zeros": bytes(1000) + CODE,
}


@pytest.mark.parametrize("first", FIRST_BYTES.values(), ids=FIRST_BYTES)
def test_what_is_not_mpremotes_closes_the_connection(camera: Camera, first: bytes) -> None:
    with connect(camera) as line:
        with contextlib.suppress(ConnectionError):
            line.sendall(first)
        assert is_closed(line)
    assert not was_typed(camera)


@pytest.mark.parametrize("size", range(1, len(GREETING)))
def test_a_part_of_the_greeting_types_nothing(camera: Camera, size: int) -> None:
    with connect(camera) as line:
        line.sendall(GREETING[:size])
        time.sleep(0.2)
        line.sendall(b"print('no')\r\n" + CODE)
        assert is_closed(line)
    assert not was_typed(camera)


def test_who_says_nothing_loses_the_port(camera: Camera) -> None:
    with connect(camera) as line:
        begun = time.monotonic()
        assert is_closed(line)
        assert 1.5 < time.monotonic() - begun < 9
    assert not was_typed(camera)


def test_who_dawdles_over_the_greeting_loses_the_port(camera: Camera) -> None:
    with connect(camera) as line:
        with contextlib.suppress(ConnectionError):
            for byte in GREETING:
                line.sendall(bytes([byte]))
                time.sleep(2.5)
        assert is_closed(line)
    assert not was_typed(camera)


def test_the_greeting_in_pieces_opens_it(camera: Camera) -> None:
    with connect(camera) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in GREETING:
            line.sendall(bytes([byte]))
            time.sleep(0.05)
        line.sendall(b"\r\x01")
        got = b""
        while not got.endswith(b"raw REPL; CTRL-B to exit\r\n>"):
            got += line.recv(1)


def test_a_tls_client_of_today_gets_nothing(camera: Camera) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with connect(camera) as line, pytest.raises(OSError):
        context.wrap_socket(line, server_hostname="camera.example")
    assert not was_typed(camera)


def test_mpremote_and_camcors_work(camera: Camera) -> None:
    assert camera.mpremote("exec", "print(6 * 7)").stdout == "42\n"  # with a soft reset
    assert camera.exec("print(6 * 7)") == "42\n"
    done = camera.camcors_process("info")
    assert (done.stderr, done.returncode) == ("", 0)
    done = camera.camcors_process("reset")
    assert (done.stderr, done.returncode) == ("", 0)


def test_a_second_connection_is_refused(camera: Camera) -> None:
    with connect(camera) as line:
        line.sendall(GREETING + b"\r\x01")
        line.recv(1)
        refused = camera.mpremote("ls")
    assert refused.returncode == 1
    assert "in use by another program" in refused.stderr + refused.stdout
    assert not was_typed(camera)


def test_it_listens_on_the_loopback_and_says_what_it_is(program: Path, tmp_path: Path) -> None:
    port = free_port()
    with Camera(tmp_path / "flash.bin", insecure_repl_port=port) as camera:
        camera.wait_for(f"repl socket://127.0.0.1:{port} (insecure: whoever reaches it gets it)")
        listening = Path("/proc/net/tcp").read_text().splitlines()
        rows = [line.split()[1] for line in listening if f":{port:04X} " in line and " 0A " in line]
        assert rows == [f"0100007F:{port:04X}"]
        assert os.listdir(tmp_path) == ["flash.bin"]


@pytest.mark.parametrize("options", [[], ["--host", "0.0.0.0"]])
def test_no_port_but_the_cameras_is_opened_unasked(program: Path, tmp_path: Path, options: list[str]) -> None:
    command = [program, "--flash", tmp_path / "flash.bin", "--port", str(free_port()), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith("ready "):
            pass
        links = [os.readlink(fd) for fd in Path(f"/proc/{process.pid}/fd").iterdir() if fd.is_symlink()]
        inodes = {link[8:-1] for link in links if link.startswith("socket:")}
        rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        ports = [row[1] for row in rows if row[9] in inodes]
        assert [int(each.rpartition(":")[2], 16) for each in ports] == [int(command[4])]
        process.terminate()


def test_the_port_stays_this_cameras_while_a_client_has_it(camera: Camera, tmp_path: Path) -> None:
    port = str(address(camera)[1])
    with connect(camera) as line:
        line.sendall(GREETING + b"\r\x01")
        line.recv(1)
        args = ["--port", str(free_port()), "--flash", str(tmp_path / "f.bin"), "--insecure-repl-port", port]
        other = subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=10)
    assert other.returncode == 1
    free = int(port) + 1
    remedy = f"make run INSECURE_REPL_PORT={free}, or --insecure-repl-port {free}\n"
    said = (
        f"camcors-host: 127.0.0.1:{port} is in use; stop the other program, or choose a free port: {remedy}"
    )
    assert other.stdout.endswith(said)
    assert not was_typed(camera)


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_make_run_opens_it_only_by_its_alarming_name(program: Path, host: str) -> None:
    def shown(*variables: str) -> str:
        command = ["make", "--dry-run", "run", f"HOST={host}", *variables]
        env = {name: value for name, value in os.environ.items() if not name.startswith("INSECURE")}
        return subprocess.run(command, cwd=TOP, env=env, capture_output=True, text=True, check=True).stdout

    plain = shown()
    assert f"--host {host} --repl build/HOST/repl --flash" in plain
    assert "--port build/HOST/repl" in plain
    assert "--insecure" not in plain
    asked = shown("INSECURE_REPL_PORT=2323")
    options = "--insecure-repl-port 2323 --insecure-repl-address 127.0.0.1"
    assert f"--host {host} {options} --flash" in asked
    assert "--port socket://127.0.0.1:2323" in asked
    wide = shown("INSECURE_REPL_PORT=2323", "INSECURE_REPL_ADDRESS=0.0.0.0")
    assert f"--host {host} --insecure-repl-port 2323 --insecure-repl-address 0.0.0.0 --flash" in wide
    assert "--port socket://127.0.0.1:2323" in wide


_IDLE_S = 1  # Chromium opens connections that it may not use

REBOUND = """
async ([code]) => {
  const results = [];
  for (const method of ["PUT", "POST", "DELETE", "PATCH", "QUERY"]) {
    try { await fetch("/", {method, body: code}); results.push("answered"); }
    catch (error) { results.push(error.name); }
  }
  return results;
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@contextlib.contextmanager
def rebound_page(browser: Browser, port: int) -> Iterator[Page]:
    """A page whose own name and port, once it is loaded, are what listens on `port` from now on: to a browser
    the same as a name that is rebound to another address."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<!doctype html>"

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = listener.accept()
                with line, contextlib.suppress(TimeoutError):
                    line.settimeout(_IDLE_S)
                    if line.recv(65536):
                        line.sendall(answer)

    page = browser.new_page()
    with socket.create_server(("127.0.0.1", port)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        page.goto(f"http://rebound.example:{port}")
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    yield page
    page.close()


def test_a_rebound_page_in_chromium_types_nothing(program: Path, tmp_path: Path, browser: Browser) -> None:
    port = free_port()
    with rebound_page(browser, port) as page, Camera(tmp_path / "f", insecure_repl_port=port) as camera:
        camera.wait_ready()
        assert page.evaluate(REBOUND, [CODE.decode()]) == ["TypeError"] * 5
        assert not was_typed(camera)


def test_the_rebound_page_would_have_typed(browser: Browser) -> None:
    """The same page against a port that takes everything: the attack is a real one."""
    heard: list[bytes] = []
    port = free_port()

    def listen(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = listener.accept()
                with line, contextlib.suppress(TimeoutError):
                    line.settimeout(_IDLE_S)
                    got = b""
                    while CODE not in got and (piece := line.recv(65536)):
                        got += piece
                    if CODE in got:
                        heard.append(got.partition(b" ")[0])

    with rebound_page(browser, port) as page, socket.create_server(("127.0.0.1", port)) as listener:
        thread = threading.Thread(target=listen, args=(listener,))
        thread.start()
        page.evaluate(REBOUND, [CODE.decode()])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert {b"PUT", b"POST", b"DELETE", b"PATCH", b"QUERY"} <= set(heard)
