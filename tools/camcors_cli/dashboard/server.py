"""The server of the dashboard: its files, and the answers to what a page cannot find out by itself.

`POST /doctor` examines a camera as `camcors doctor` does; `POST /explain` judges origins by the policy that
is in force, read over the camera's REPL; `POST /find` looks for cameras in the network.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.abc import Traversable
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from ..browser.examination import LIMIT_S, examine, parse_url
from ..browser.reach import agent_of
from ..browser.verdict import Question
from ..device import answers, camera
from ..device.answers import Odd
from ..device.board import Board
from ..ui.errors import Failure
from ..ui.output import Output, show_traceback
from . import questions
from .find import Finder
from .origins import explain_origins

_ADDRESS = "127.0.0.1"
_BODY_MAX = 8192
_LENGTH = re.compile("[0-9]{1,9}")  # RFC 9110 section 8.6; Python takes other digits, and refuses very many
_IDLE_S = 60
_EXAMINATIONS_MAX = 4  # at once: each holds a connection of its camera, and a camera has few
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


class Asker(NamedTuple):
    """The page that asks: its origin, and the User-Agent of its browser."""

    origin: str
    user_agent: str


class Server(ThreadingHTTPServer):
    """The files of the dashboard, by their paths, and the questions. Raises OSError if it cannot listen.

    cameras: addresses to offer. repl: the port of the camera that `explain` asks, or None. finder: what
    looks for cameras.
    """

    daemon_threads = True

    def __init__(self, port: int, cameras: list[str], repl: str | None, finder: Finder | None = None):
        super().__init__((_ADDRESS, port), _Handler)
        self.url = f"http://localhost:{port}"
        self.hosts = {f"{name}{'' if port == 80 else f':{port}'}" for name in ("localhost", _ADDRESS)}
        self.files = dict(_find_files(files("camcors_dashboard"), "/"))
        self.files["/"] = self.files["/index.html"]
        self.settings = {"cameras": cameras, "doctor": True, "find": True, "repl": repl or ""}
        self._repl = repl
        self._finder = finder or Finder()
        self._search = threading.Lock()  # one search at a time, however many pages ask
        self._examinations = threading.BoundedSemaphore(_EXAMINATIONS_MAX)
        self._board = threading.Lock()  # a REPL serves one

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that was left before its answer came is no fault; of others, the traceback."""
        kind, error, trace = sys.exc_info()
        if kind and error and not isinstance(error, ConnectionError):
            show_traceback(kind, error, trace)

    def ask_doctor(self, asker: Asker, question: dict[str, Any]) -> dict[str, Any]:
        """Examination.to_json() for what the page asked of its camera."""
        asked = questions.doctor(question)
        try:
            address = parse_url(asked.url)
        except ValueError as exc:
            raise Odd(str(exc)) from None
        of_camera = Question(asker.origin, address.text, asked.method, list(asked.headers), asked.credentials)
        end = time.monotonic() + LIMIT_S
        if not self._examinations.acquire(timeout=LIMIT_S):
            return {"error": "other cameras are examined", "remedy": "try again in a minute"}
        try:
            limit_s = end - time.monotonic()
            return examine(of_camera, agent=agent_of(asker.user_agent), limit_s=limit_s).to_json()
        finally:
            self._examinations.release()

    def ask_explain(self, asker: Asker, question: dict[str, Any]) -> dict[str, Any]:
        """Return the table of `explain_origins` for the camera at question["camera"]."""
        url = answers.member(question, "camera", questions.camera)
        if self._repl is None:
            return {"error": "the dashboard has no REPL to ask", "remedy": "start it with --port"}
        try:
            with self._board, Board(self._repl, Output(as_json=True)) as board:
                policy = camera.policy_in_force(board)
        except Failure as failure:
            return {"error": failure.message, "remedy": failure.remedy}
        return explain_origins(policy, url, asker.origin)

    def ask_find(self, asker: Asker, question: dict[str, Any]) -> dict[str, Any]:
        """Return the cameras that the network has: {"found": [{"url", "name"}]}."""
        try:
            with self._search:
                return {"found": self._finder.find()}
        except OSError as exc:
            return {
                "error": f"the network was not asked ({exc.strerror or exc})",
                "remedy": "add the camera by its address",
            }


def _find_files(folder: Traversable, path: str) -> list[tuple[str, Traversable]]:
    """Return the files to serve below `folder`, each with its path in a URL: what has no type of ours is
    none."""
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
    server: Server
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
        server = self.server
        answers_to = {"/doctor": server.ask_doctor, "/explain": server.ask_explain, "/find": server.ask_find}
        asked = answers_to.get(path)
        if asked is None:
            raise _Refused(HTTPStatus.NOT_FOUND, "there is no such question")
        origin = self.headers.get("Origin")
        if origin != f"http://{self.headers['Host']}":
            raise _Refused(HTTPStatus.FORBIDDEN, "only the dashboard's own page may ask")
        question = self._question()
        try:
            answer = asked(Asker(origin, self.headers.get("User-Agent", "")), question)
        except Odd as exc:
            answer = {"error": f"the question was not understood ({exc})", "remedy": "reload the page"}
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
