"""`camcors dashboard`: serves the web page that shows the cameras, to this machine alone.

The page is static files. What it cannot find out by itself, it asks here: `POST /doctor` runs
`camcors doctor`, `POST /explain` judges origins by the policy that is in force, read over the camera's REPL.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import threading
import webbrowser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.abc import Traversable
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import click

from cors import Policy

from ..browser.agent import Browser
from ..browser.simulator import Engine
from ..browser.verdict import Journey, Question
from ..device import answers, camera, questions
from ..device.answers import Odd
from ..device.board import Board
from ..ui.errors import Failure
from ..ui.options import port_option
from ..ui.output import Output, show_traceback

_ADDRESS = "127.0.0.1"
_BODY_MAX = 8192
_LENGTH = re.compile("[0-9]{1,9}")  # RFC 9110 section 8.6; Python takes other digits, and refuses very many
_IDLE_S = 60
_DOCTOR_S = 60
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self' http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}
_JSON = "application/json"

# What a page does with a camera: its name, method, headers, whether with credentials.
_REQUESTS: list[tuple[str, str, list[tuple[str, str]], bool]] = [
    ("Read", "GET", [], False),
    ("Change settings", "PUT", [("Content-Type", _JSON)], False),
    ("With logins", "GET", [], True),
]
_EMBED = "Plain <img>"
_STRANGER = "https://any-other-site.example"


@click.command()
@click.option(
    "--http-port",
    "--port-number",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="Where the dashboard is, on localhost. A camera's first policy allows 8000.",
)
@click.option(
    "--camera",
    "cameras",
    metavar="URL",
    multiple=True,
    help="A camera's address, offered while the dashboard has none; may be given again.",
)
@click.option("--open", "in_browser", is_flag=True, help="Open it in your browser.")
@port_option
def dashboard(http_port: int, cameras: tuple[str, ...], in_browser: bool, port: str | None) -> None:
    """Serve the dashboard, the page that shows your cameras, until Ctrl-C.

    Only this machine reaches it. With --port, the page can show which origins the policy of the
    camera there allows what.

    \b
    camcors dashboard --open
    camcors dashboard --camera http://192.168.4.1
    """
    out = Output()
    try:
        server = _Server(http_port, list(cameras), port)
    except OSError as exc:
        remedy = "end the program that has it, or choose another with --http-port"
        raise Failure(f"no dashboard: port {http_port} is not free ({exc.strerror})", remedy) from None
    with server, contextlib.suppress(KeyboardInterrupt):
        out.say(f"dashboard {server.url}")
        if in_browser:
            webbrowser.open(server.url)
        server.serve_forever()


class _Server(ThreadingHTTPServer):
    """The files of the dashboard, by their paths, and the two questions. Raises OSError if it cannot listen.

    cameras: addresses to offer. repl: the port of the camera that `explain` asks, or None.
    """

    daemon_threads = True

    def __init__(self, port: int, cameras: list[str], repl: str | None):
        super().__init__((_ADDRESS, port), _Handler)
        self.url = f"http://localhost:{port}"
        self.hosts = {f"{name}{'' if port == 80 else f':{port}'}" for name in ("localhost", _ADDRESS)}
        self.files = dict(_find_files(files("camcors_dashboard"), "/"))
        self.files["/"] = self.files["/index.html"]
        self.settings = {"cameras": cameras, "doctor": True, "repl": repl or ""}
        self._repl = repl
        self._board = threading.Lock()  # a REPL serves one

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that was left before its answer came is no fault; of others, the traceback."""
        kind, error, trace = sys.exc_info()
        if kind and error and not isinstance(error, ConnectionError):
            show_traceback(kind, error, trace)

    def ask_doctor(self, origin: str, question: dict[str, Any]) -> dict[str, Any]:
        """What `camcors doctor --json` says, with its exit status as `status`."""
        asked = questions.doctor(question)
        arguments = [f"--origin={origin}", f"--method={asked.method}"]
        arguments += [f"--header={name}: {value}" for name, value in asked.headers]
        arguments += ["--credentials"] * asked.credentials
        command = [sys.executable, "-m", "camcors_cli", "doctor", *arguments, "--json", "--", asked.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DOCTOR_S)
        said = json.loads(done.stdout) if done.stdout else {"error": done.stderr.strip(), "remedy": ""}
        return {**said, "status": done.returncode}

    def ask_explain(self, origin: str, question: dict[str, Any]) -> dict[str, Any]:
        """The table of `explain_origins` for the camera at question["camera"]."""
        url = answers.member(question, "camera", questions.camera)
        if self._repl is None:
            return {"error": "the dashboard has no REPL to ask", "remedy": "start it with --port"}
        try:
            with self._board, Board(self._repl, Output(as_json=True)) as board:
                policy = camera.policy_in_force(board)
        except Failure as failure:
            return {"error": failure.message, "remedy": failure.remedy}
        return explain_origins(policy, url, origin)


def explain_origins(policy: Policy, url: str, page: str) -> dict[str, Any]:
    """What pages of each origin may do with the camera at `url` under `policy`, as `camcors explain` judges.

    page: the origin of the dashboard. -> {"digest": str, "columns": [str], "rows": [{"origin": str,
    "note": str, "cells": [{"allowed": bool, "reason": str or None}]}]}
    """
    own = (urlsplit(url).hostname or "",)  # the page asks only for a camera that has answered to this host
    listed = [] if policy.allowed_origins == "*" else list(policy.allowed_origins)
    noted = {pattern: "in the policy" for pattern in listed}
    noted[page] = "this page" + (", in the policy" if page in noted else "")
    noted[url] = "the camera’s own page"
    noted[_STRANGER] = "stands for all others"
    rows = []
    for pattern, note in noted.items():
        origin = pattern.replace("//*.", "//www.").replace(":*", ":3000")
        if origin != pattern:
            note = f"{note}, asked as {origin}"
        rows.append({"origin": pattern, "note": note, "cells": _cells(policy, own, origin, url)})
    columns = [name for name, *_ in _REQUESTS] + [_EMBED]
    return {"digest": policy.digest, "columns": columns, "rows": rows}


def _cells(policy: Policy, own: tuple[str, ...], origin: str, url: str) -> list[dict[str, Any]]:
    cells = []
    for _, method, headers, credentials in _REQUESTS:
        question = Question(origin, f"{url}/api/camera", method, headers, credentials)
        reason = Journey(question, Engine(policy, own, method).send).reason
        cells.append({"allowed": reason is None, "reason": reason and reason.text})
    engine = Engine(policy, own, "GET")
    embedding = Browser(lambda request: engine.send(request)[0]).embed(origin, f"{url}/api/capture")
    blocked = embedding.blocked_by
    return [*cells, {"allowed": blocked is None, "reason": blocked and blocked.value}]


def _find_files(folder: Traversable, path: str) -> list[tuple[str, Traversable]]:
    """The files to serve below `folder`, each with its path in a URL: what has no type of ours is none."""
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _find_files(entry, f"{path}{entry.name}/")
        elif PurePosixPath(entry.name).suffix in _TYPES:
            found.append((path + entry.name, entry))
    return found


class _Refused(Exception):
    """A request that is not served. args: the HTTPStatus, and why."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "camcors"
    sys_version = ""
    default_request_version = protocol_version  # HTTP/0.9, the library's, has no headers to be safe with
    timeout = _IDLE_S

    def do_GET(self) -> None:
        self._serve(self._read)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self._serve(self._ask)

    def _serve(self, handle: Any) -> None:
        try:
            self._check_host()
            content_type, body = handle(self.path.partition("?")[0])
            self._answer(HTTPStatus.OK, content_type, body)
        except _Refused as refused:
            status, why = refused.args
            self.close_connection = True  # a body may be left unread
            self._answer(status, "text/plain; charset=utf-8", f"{why}\n".encode())

    def _check_host(self) -> None:
        """A name of a stranger that leads here (DNS rebinding) does not lead to the camera's REPL."""
        if self.headers.get("Host") not in self.server.hosts:
            raise _Refused(HTTPStatus.MISDIRECTED_REQUEST, f"the dashboard is at {self.server.url}")

    def _read(self, path: str) -> tuple[str, bytes]:
        if path == "/dashboard.json":
            return _JSON, json.dumps(self.server.settings).encode()
        found = self.server.files.get(path)
        if found is None:
            raise _Refused(HTTPStatus.NOT_FOUND, "there is no such file")
        return _TYPES[PurePosixPath(found.name).suffix], found.read_bytes()

    def _ask(self, path: str) -> tuple[str, bytes]:
        asked = {"/doctor": self.server.ask_doctor, "/explain": self.server.ask_explain}.get(path)
        if asked is None:
            raise _Refused(HTTPStatus.NOT_FOUND, "there is no such question")
        origin = self.headers.get("Origin")
        if origin != f"http://{self.headers['Host']}":
            raise _Refused(HTTPStatus.FORBIDDEN, "only the dashboard's own page may ask")
        question = self._question()
        try:
            answer = asked(origin, question)
        except Odd as exc:
            answer = {"error": f"the question was not understood ({exc})", "remedy": "reload the page"}
        except subprocess.TimeoutExpired:
            answer = {"error": "camcors doctor came to no end", "remedy": "try again"}
        return _JSON, json.dumps(answer).encode()

    def _question(self) -> dict[str, Any]:
        if self.headers.get("Content-Type") != _JSON:
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send {_JSON}")
        length = self.headers.get("Content-Length", "")
        if not _LENGTH.fullmatch(length) or int(length) > _BODY_MAX:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"send at most {_BODY_MAX} bytes")
        try:
            question = answers.loads(self.rfile.read(int(length)))
        except ValueError:
            question = None
        if not isinstance(question, dict):
            raise _Refused(HTTPStatus.BAD_REQUEST, "send one JSON object")
        return question

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the library itself refuses, such as a faulty request line, with the headers of all answers."""
        self.close_connection = True
        self._answer(HTTPStatus(code), "text/plain; charset=utf-8", b"the request was not understood\n")

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": content_type}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal may be the camera's, too."""
