"""What the tests open in the browser, and what they change on the cameras meanwhile."""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

from cors import Policy
from tests.kit.camera import TOP, Camera, free_port

Start = Callable[[], Camera]  # one more camera

FILES = TOP / "tools" / "camcors_dashboard"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_PAGE = b"<!doctype html><meta charset=utf-8><title>page</title><body>page"


class Site:
    """Pages on any name that leads here: a blank one at /, the dashboard's files below /dashboard/.

    answers: path -> (status, headers, body), of which a test makes its own.
    """

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, headers, body = site.answer(urlsplit(self.path).path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        if path in self.answers:
            return self.answers[path]
        name = path.removeprefix("/dashboard/") or "index.html"
        file = FILES / name
        if path.startswith("/dashboard/") and file.suffix in _TYPES and file.is_file():
            return 200, {"Content-Type": _TYPES[file.suffix]}, file.read_bytes()
        if path == "/":
            return 200, {"Content-Type": "text/html"}, _PAGE
        return 404, {}, b""

    def origin(self, host: str = "localhost") -> str:
        return f"http://{host}:{self.port}"

    def __enter__(self) -> Site:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Dashboard:
    """`camcors dashboard` as a program, on a free port."""

    def __init__(self, *arguments: str, port: int | None = None):
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        command = [
            sys.executable,
            "-m",
            "camcors_cli",
            "dashboard",
            "--http-port",
            str(self.port),
            *arguments,
        ]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)

    def __enter__(self) -> Dashboard:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"dashboard {self.url}\n"
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)


def wait_until(what: Callable[[], Any], seconds: float = 20, every: float = 0.05) -> Any:
    """The first true value of `what()`; AssertionError with the last one if none comes."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"still {found!r} after {seconds} s"
        time.sleep(every)
    return found


def watch(page: Page, what: Callable[[], Any], seconds: float = 20) -> Any:
    """As `wait_until`, while the page goes on."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"still {found!r} after {seconds} s"
        page.wait_for_timeout(50)
    return found


def status(camera: Camera) -> dict[str, Any]:
    return _get(camera, "/api/status")


def settings_of(camera: Camera) -> dict[str, Any]:
    return _get(camera, "/api/camera")


def _get(camera: Camera, path: str) -> dict[str, Any]:
    request = urllib.request.Request(camera.url + path, headers=camera.headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def set_policy(camera: Camera, **fields: object) -> str:
    """Write /policy.json with mpremote and wait until it is in force -> its digest."""
    text = json.dumps({"version": 1, **fields})
    digest = Policy.from_json(text).digest
    camera.put("policy.json", text)
    wait_until(lambda: status(camera)["policy"] == {"state": "active", "digest": digest, "error": None})
    return digest


def allow(camera: Camera, *origins: str, **fields: object) -> str:
    """`set_policy` of a policy that allows `origins`."""
    return set_policy(camera, allowed_origins=list(origins), **fields)


def run_camcors(camera: Camera, command: str) -> None:
    """Run a command as the page shows it, with the port of the camera."""
    words = shlex.split(command)
    assert words[0] == "camcors"
    port = [] if "--port" in words else ["--port", camera.repl]
    done = subprocess.run(
        [sys.executable, "-m", "camcors_cli", *words[1:], *port], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def add_camera(page: Page, url: str) -> None:
    """Add a camera as a person does."""
    page.get_by_role("button", name="Add a camera").click()
    page.get_by_label("Address").fill(url)
    page.keyboard.press("Enter")
    page.locator(f'.tile[data-url="{url}"]').wait_for(state="attached")


def tile(page: Page, url: str) -> Any:
    return page.locator(f'.tile[data-url="{url}"]')


def is_live(page: Page, url: str) -> bool:
    return page.locator(f'[data-url="{url}"][data-state="live"]').count() > 0


class Tap:
    """A port in front of the camera that hears which requests a browser really sends.

    heard: "METHOD target" of each, and the status of its answer. path: below which the camera stands, as
    behind nginx with `location /cam/`; what is asked outside it gets 404 and does not reach the camera.
    """

    def __init__(self, camera: Camera, path: str = ""):
        self.heard: list[tuple[str, int]] = []
        self._path = path.encode()
        self._camera = camera
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Tap:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.close()

    def requests(self, target: str) -> list[str]:
        """The methods that were sent to `target`."""
        return [line.split(" ")[0] for line, _ in self.heard if line.split(" ")[1] == target]

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        """One request: the next one of a kept connection begins a connection of its own."""
        with client, socket.create_connection(("127.0.0.1", self._camera.port), timeout=20) as camera:
            client.settimeout(20)
            head = self._read_head(client)
            if not head:
                return
            lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
            method, target, version = lines[0].split(b" ")
            if not target.startswith(self._path + b"/"):
                self.heard.append((head.split(b" HTTP/")[0].decode(), 404))
                client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            lines[0] = b" ".join([method, target[len(self._path) :], version])
            camera.sendall(b"\r\n".join([lines[0], b"Connection: close", *lines[1:]]))
            threading.Thread(target=_copy, args=(client, camera), daemon=True).start()
            answer = self._read_head(camera)
            self.heard.append((head.split(b" HTTP/")[0].decode(), int(answer.split(b" ")[1])))
            client.sendall(answer)
            _copy(camera, client)

    @staticmethod
    def _read_head(peer: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            block = peer.recv(65536)
            if not block:
                return b""
            data += block
        return data


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while block := source.recv(65536):
            target.sendall(block)
    except OSError:
        pass  # either end has gone
