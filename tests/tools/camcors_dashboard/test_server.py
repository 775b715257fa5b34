"""`camcors dashboard`, the server: its files, its headers, and whom it answers."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from camcors_cli.dashboard.origins import explain_origins

from cors import Policy
from tests.kit.camera import TOP, Camera, free_port
from tests.kit.pages import FILES, Dashboard, wait_until

Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def server() -> Iterator[Dashboard]:
    with Dashboard() as running:
        yield running


def request(server: Dashboard, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Host": f"localhost:{server.port}", **named})
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@pytest.mark.parametrize("file", [path for path in sorted(FILES.rglob("*")) if path.suffix in TYPES], ids=str)
def test_every_file_is_served_with_its_type(server: Dashboard, file: Path):
    code, headers, body = request(server, "GET", f"/{file.relative_to(FILES)}")
    assert (code, headers["Content-Type"], body) == (200, TYPES[file.suffix], file.read_bytes())


SAFE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}


@pytest.mark.parametrize("path", ["/", "/js/main.js", "/dashboard.json", "/nothing"])
def test_safe_headers_on_every_answer(server: Dashboard, path: str):
    _, headers, _ = request(server, "GET", path)
    assert SAFE.items() <= headers.items()
    rules = dict(rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";"))
    assert rules == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self' http: https:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert headers["Server"].strip() == "camcors"
    assert not [name for name in headers if name.startswith("Access-Control-")]


def test_a_page_on_another_server_has_the_same_policy(server: Dashboard):
    """Only frame-ancestors has no effect there: CSP 3, section 6.4.2."""
    html = (FILES / "index.html").read_text()
    said = html.split('http-equiv="Content-Security-Policy" content="')[1].split('"')[0].split("; ")
    served = request(server, "GET", "/")[1]["Content-Security-Policy"].split("; ")
    assert [rule for rule in served if rule not in said] == ["frame-ancestors 'none'"]
    assert set(said) <= set(served)


MISSING = [
    "/js",
    "/js/",
    "/nothing",
    "/../README.md",
    "/js/../../camcors/cli.py",
    "/%2e%2e/",
    "/__init__.py",
    "//etc/passwd",
]


@pytest.mark.parametrize("path", MISSING)
def test_nothing_else_is_served(server: Dashboard, path: str):
    assert request(server, "GET", path)[0] == 404


def test_head_has_no_body(server: Dashboard):
    code, headers, body = request(server, "HEAD", "/")
    assert (code, headers["Content-Length"], body) == (200, str((FILES / "index.html").stat().st_size), b"")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "localhost", "", "127.0.0.1:1"])
def test_a_strangers_host_gets_nothing(server: Dashboard, host: str):
    code, _, body = request(server, "GET", "/dashboard.json", Host=host.format(port=server.port))
    assert (code, body) == (421, f"the dashboard is at {server.url}\n".encode())


# Headers and body of a POST /doctor, the answer's status.
POSTS: list[tuple[dict[str, str], str, int]] = [
    ({}, "{}", 403),
    ({"Origin": "https://evil.example"}, "{}", 403),
    ({"Origin": "null"}, "{}", 403),
    ({"Origin": "own", "Content_Type": "text/plain"}, "{}", 415),
    ({"Origin": "own", "Content_Type": "application/json"}, "[]", 400),
    ({"Origin": "own", "Content_Type": "application/json"}, "{", 400),
    ({"Origin": "own", "Content_Type": "application/json"}, " " * 9000, 413),
    ({"Origin": "own", "Content_Type": "application/json"}, "{}", 200),
]


@pytest.mark.parametrize(("headers", "body", "code"), POSTS)
def test_only_its_own_page_may_ask(server: Dashboard, headers: dict[str, str], body: str, code: int):
    sent = {name: server.url if value == "own" else value for name, value in headers.items()}
    found, _, answer = request(server, "POST", "/doctor", body, **sent)
    assert found == code
    if code == 200:
        assert json.loads(answer)["error"].startswith("the question was not understood")


def own(server: Dashboard, path: str, body: bytes, length: str = "") -> bytes:
    """A question of the dashboard's own page, as it is sent."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost:{server.port}\r\nOrigin: {server.url}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {length or len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode("latin-1") + body


HOST = "Host: localhost:{port}\r\nConnection: close\r\n"

# What it is, the request (or a question's path and body), the answer's status.
HOSTILE: list[tuple[str, Any, int]] = [
    ("8,000 [", ("/doctor", b"[" * 8000), 400),
    ("8,000 [ inside", ("/explain", b'{"camera": ' + b"[" * 8000), 400),
    ("8,000 { inside", ("/doctor", b'{"url":' * 1100), 400),
    ("no UTF-8", ("/doctor", b'{"url": "\xff"}'), 400),
    ("NaN", ("/doctor", b'{"url": NaN}'), 400),
    ("a number of 5,000 digits", ("/doctor", b'{"url": ' + b"9" * 5000 + b"}"), 400),
    ("a length of 5,000 digits", ("/doctor", b"{}", "9" * 5000), 413),
    ("a length in other digits", ("/doctor", b"{}", "\u00b2"), 413),
    ("a negative length", ("/doctor", b"{}", "-1"), 413),
    ("a length with a sign", ("/doctor", b"{}", "+2"), 413),
    ("no URL", f"GET //[ HTTP/1.1\r\n{HOST}\r\n", 404),
    ("no URL either", f"GET http://[ HTTP/1.1\r\n{HOST}\r\n", 404),
    ("an unknown method", f"BREW / HTTP/1.1\r\n{HOST}\r\n", 501),
    ("a method with markup", f"<b> / HTTP/1.1\r\n{HOST}\r\n", 501),
    ("no request line", "\x1b[2J<script>\r\n\r\n", 400),
    ("a version of later", f"GET / HTTP/2.0\r\n{HOST}\r\n", 505),
    ("a version in other digits", f"GET / HTTP/1.\u00b2\r\n{HOST}\r\n", 400),
    ("HTTP/0.9", "GET /\r\n\r\n", 421),
    ("a long line", f"GET /{'x' * 70_000} HTTP/1.1\r\n{HOST}\r\n", 414),
    ("many headers", f"GET / HTTP/1.1\r\n{HOST}{'A: b{nl}' * 200}\r\n".replace("{nl}", "\r\n"), 431),
    ("two hosts", f"GET / HTTP/1.1\r\nHost: evil.example\r\n{HOST}\r\n", 421),
    ("a question of another type", ("/doctor", b'{"url": 5}'), 200),
    ("a NUL", ("/doctor", b'{"url": "a\\u0000b"}'), 200),
    ("a surrogate", ("/doctor", b'{"url": "\\ud800"}'), 200),
    ("headers that are none", ("/doctor", b'{"url": "x", "headers": 5}'), 200),
    ("headers of three", ("/doctor", b'{"url": "x", "headers": [["a", "b", "c"]]}'), 200),
    ("a method that is none", ("/doctor", b'{"url": "x", "method": []}'), 200),
    ("credentials that are none", ("/doctor", b'{"url": "x", "credentials": "yes"}'), 200),
    ("no camera", ("/explain", b"{}"), 200),
    ("a camera that is none", ("/explain", b'{"camera": "x"}'), 200),
    ("a camera with half an address", ("/explain", b'{"camera": "http://["}'), 200),
    ("a camera with a path", ("/explain", b'{"camera": "http://a/b"}'), 200),
]  # fmt: skip


@pytest.mark.parametrize("row", HOSTILE, ids=[row[0] for row in HOSTILE])
def test_a_hostile_request_is_answered_in_words(server: Dashboard, row: tuple[str, Any, int]):
    _, asked, code = row
    data = own(server, *asked) if isinstance(asked, tuple) else asked.replace("{port}", str(server.port))
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as page:
        page.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
        answer = http.client.HTTPResponse(page)
        answer.begin()
        body = answer.read()
    assert answer.status == code
    assert SAFE.items() <= dict(answer.getheaders()).items()
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    kind = "application/json" if code == 200 else "text/plain; charset=utf-8"
    assert answer.headers["Content-Type"] == kind
    if code == 200:
        assert json.loads(body)["error"].startswith("the question was not understood (")
    assert b"\x1b" not in body and b"<" not in body


def test_nothing_of_a_hostile_request_is_printed():
    with Dashboard() as server:
        for _, asked, _ in HOSTILE:
            data = (
                own(server, *asked) if isinstance(asked, tuple) else asked.replace("{port}", str(server.port))
            )
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as page:
                page.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
                while page.recv(65536):
                    pass
        server.process.send_signal(signal.SIGINT)
        assert server.process.communicate(timeout=20) == ("", "")


def ask(server: Dashboard, what: str, question: dict[str, Any]) -> dict[str, Any]:
    headers = {"Origin": server.url, "Content_Type": "application/json"}
    code, _, answer = request(server, "POST", f"/{what}", json.dumps(question), **headers)
    assert code == 200
    return json.loads(answer)


def test_doctor_is_the_commands_judge(server: Dashboard, camera: Camera):
    found = ask(server, "doctor", {"url": f"{camera.url}/api/status", "method": "GET", "headers": []})
    assert (found["verdict"], found["code"]) == ("blocked", "NO_ALLOW_ORIGIN")
    assert found["commands"] == [f"camcors policy allow {server.url}"]


def test_a_page_that_is_left_before_its_answer_is_no_fault(camera: Camera):
    with Dashboard() as server:
        body = json.dumps({"url": f"{camera.url}/api/status"}).encode()
        head = (
            f"POST /doctor HTTP/1.1\r\nHost: localhost:{server.port}\r\nOrigin: {server.url}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", server.port)) as page:
                page.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                page.sendall(head.encode() + body)
                time.sleep(0.2)
        assert ask(server, "doctor", {"url": f"{camera.url}/api/status"})["verdict"] == "blocked"
        time.sleep(1)  # the answers to the others come no later
        server.process.send_signal(signal.SIGINT)
        assert server.process.communicate(timeout=10)[1] == ""


@pytest.mark.parametrize("url", ["--help=x", "ftp://camera", "file:///etc/passwd", ""])
def test_doctor_of_what_is_no_camera(server: Dashboard, url: str):
    assert ask(server, "doctor", {"url": url})["error"].startswith("the question was not understood (")


# User-Agent, the family by which it is judged.
AGENTS = [
    ("Mozilla/5.0 (X11) Gecko/20100101 Firefox/153.0", "firefox"),
    ("Mozilla/5.0 (X11) Chrome/156.0.0.0 Safari/537.36", "chromium"),
    ("curl/8", "other"),
]


@pytest.mark.parametrize(("user_agent", "family"), AGENTS)
def test_the_examination_is_for_the_browser_that_asks(
    server: Dashboard, camera: Camera, user_agent: str, family: str
):
    body = json.dumps({"url": f"{camera.url}/api/status"})
    headers = {"Origin": server.url, "Content_Type": "application/json", "User_Agent": user_agent}
    found = json.loads(request(server, "POST", "/doctor", body, **headers)[2])
    assert found["browsers"] == {family: "allowed"}
    assert set(found) == {
        "verdict", "reason", "code", "endpoint", "frames", "commands", "remarks", "is_camera", "browsers", "steps"
    }  # fmt: skip
    assert found["endpoint"] == {"works": True, "text": "answers 200", "status": 200}
    assert found["frames"] is (found["verdict"] == "allowed")


def test_few_cameras_are_examined_at_once(server: Dashboard):
    """Eight questions about a camera that takes connections and is silent: four reach it, the others wait."""
    with socket.create_server(("127.0.0.1", 0)) as silent, ExitStack() as stack:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        question = own(server, "/doctor", json.dumps({"url": f"http://{place}"}).encode())
        pages = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(8)]
        for page in pages:
            page.sendall(question)
        silent.settimeout(30)
        held = [stack.enter_context(silent.accept()[0]) for _ in range(4)]
        silent.settimeout(1)
        with pytest.raises(TimeoutError):
            silent.accept()
        for client in held:
            client.close()
        held = [stack.enter_context(silent.accept()[0]) for _ in range(4)]


def test_a_name_of_the_page_is_the_same_at_another_port():
    """The camera's own page, at the camera's own port, writes by its own right."""
    policy = Policy.from_json('{"version": 1, "allowed_origins": []}')
    rows = explain_origins(policy, "http://cam.local:8081", "http://cam.local")["rows"]
    assert {row["origin"]: [cell["allowed"] for cell in row["cells"]] for row in rows} == {
        "http://cam.local": [False, False, False, False],
        "http://cam.local:8081": [True, True, True, True],
        "https://any-other-site.example": [False, False, False, False],
    }


def test_explain_needs_a_port(server: Dashboard):
    found = ask(server, "explain", {"camera": "http://127.0.0.1"})
    assert found == {"error": "the dashboard has no REPL to ask", "remedy": "start it with --port"}


def test_explain_says_when_the_board_is_not_there():
    with Dashboard("--port", f"socket://127.0.0.1:{free_port()}") as server:
        found = ask(server, "explain", {"camera": "http://127.0.0.1"})
    assert set(found) == {"error", "remedy"} and found["remedy"]


# A policy, and of each origin whether it may read, change settings, read with logins, embed.
TABLES: list[tuple[dict[str, Any], dict[str, list[bool]]]] = [
    (
        {"allowed_origins": ["https://a.example"]},
        {
            "https://a.example": [True, True, False, False],
            "http://localhost:8000": [False, False, False, False],
            "http://192.168.4.1": [True, True, True, True],
            "https://any-other-site.example": [False, False, False, False],
        },
    ),
    (
        {"allowed_origins": "*", "allowed_methods": ["GET"]},
        {
            "http://localhost:8000": [True, False, False, True],
            "http://192.168.4.1": [True, True, True, True],
            "https://any-other-site.example": [True, False, False, True],
        },
    ),
    (
        {"allowed_origins": ["http://localhost:*"], "allow_credentials": True, "allowed_headers": []},
        {
            "http://localhost:*": [True, False, True, True],
            "http://localhost:8000": [True, False, True, True],
            "http://192.168.4.1": [True, True, True, True],
            "https://any-other-site.example": [False, False, False, False],
        },
    ),
]


@pytest.mark.parametrize(("fields", "expected"), TABLES)
def test_which_origins_may_do_what(fields: dict[str, Any], expected: dict[str, list[bool]]):
    policy = Policy.from_json(json.dumps({"version": 1, **fields}))
    table = explain_origins(policy, "http://192.168.4.1", "http://localhost:8000")
    assert table["columns"] == ["Read", "Change settings", "With logins", "Plain <img>"]
    assert table["digest"] == policy.digest
    assert {row["origin"]: [cell["allowed"] for cell in row["cells"]] for row in table["rows"]} == expected
    assert all(cell["allowed"] != bool(cell["reason"]) for row in table["rows"] for cell in row["cells"])


def test_a_port_that_is_taken_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "camcors_cli", "dashboard", "--http-port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    free = port + 1
    remedy = "end the program that has it, or choose another: "
    remedy += f"make run DASHBOARD_PORT={free}, or --http-port {free}"
    assert (
        done.stderr == f"camcors: no dashboard: port {port} is not free (Address already in use); {remedy}\n"
    )
    assert (done.returncode, done.stdout) == (4, "")


def test_ctrl_c_ends_it_without_a_word():
    with Dashboard() as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.communicate(timeout=20) == ("", "")
        assert server.process.returncode == 0


def test_only_this_machine_reaches_it(server: Dashboard):
    listening = Path("/proc/net/tcp").read_text().splitlines()
    mine = [
        line.split()[1] for line in listening if f":{server.port:04X}" in line.split()[1] and " 0A " in line
    ]
    assert mine == [f"0100007F:{server.port:04X}"]


class _Run:
    """`make run` in a group of its own, as a terminal starts it."""

    def __init__(self, tmp_path: Path, dashboard_port: int):
        self.port, self.repl, self.dashboard_port = free_port(), tmp_path / "repl", dashboard_port
        self.log, self.token = tmp_path / "log", tmp_path / "token"
        self.asked = 1
        command = ["make", "run", f"PORT={self.port}", f"REPL={self.repl}"]
        command += [f"DASHBOARD_PORT={dashboard_port}", f"FLASH={tmp_path / 'flash.bin'}"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=TOP, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def wait_for(self, *lines: str) -> None:
        wait_until(lambda: set(lines) <= set(self.log.read_text().splitlines()), 60)

    def status(self, **headers: str) -> httpx.Response:
        """The camera's answer to who shows the token that it was started with."""
        token = self.token.read_text().strip()
        headers["Authorization"] = "Bearer " + token
        return httpx.get(f"http://127.0.0.1:{self.port}/api/status", headers=headers)

    def is_looked_at(self) -> bool:
        """Whether the dashboard has asked its camera: two requests, and one of this test's."""
        counts = self.status().json()["clients"]
        self.asked += 1
        return counts["requests"] >= self.asked + 2

    def __enter__(self) -> _Run:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(timeout=20)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_make_run_makes_a_token_once_and_prints_links_that_carry_it(program: Path, tmp_path: Path):
    shown = []
    for _ in range(2):
        with _Run(tmp_path, free_port()) as run:
            token = wait_until(lambda run=run: run.token.exists() and run.token.read_text().strip())
            camera, page = f"http://127.0.0.1:{run.port}", f"http://localhost:{run.dashboard_port}"
            place = quote(camera, safe="")
            run.wait_for(f"open {camera}/#token={token}", f"open {page}/#camera={place}&token={token}")
            assert run.token.stat().st_mode & 0o777 == 0o600
            assert httpx.get(f"{camera}/api/status").status_code == 401
            assert run.status().json()["access"]["tokens"] == 1
            shown.append(token)
    assert shown[0] == shown[1]
    run.token.unlink()
    with _Run(tmp_path, free_port()) as run:
        how = "to make one: build/venv/bin/camcors token add NAME --role control"
        run.wait_for(f"no token in {run.token}; {how}")


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM"])
def test_make_run_serves_both_and_ends_both(program: Path, tmp_path: Path, how: str):
    with _Run(tmp_path, free_port()) as run:
        run.wait_for(f"ready http://127.0.0.1:{run.port}", f"dashboard http://localhost:{run.dashboard_port}")
        assert f"repl {run.repl}" in run.log.read_text().splitlines()
        if how == "Ctrl-C":
            os.killpg(run.process.pid, signal.SIGINT)
        else:
            run.process.terminate()
        run.process.wait(timeout=20)
        wait_until(lambda: is_free(run.port) and is_free(run.dashboard_port) and not run.repl.is_symlink())
        assert "Traceback" not in run.log.read_text()


def test_a_taken_port_of_the_dashboard_does_not_stop_the_camera(program: Path, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken, _Run(tmp_path, taken.getsockname()[1]) as run:
        run.wait_for(f"ready http://127.0.0.1:{run.port}")
        said = f"camcors: no dashboard: port {run.dashboard_port} is not free"
        wait_until(lambda: said in run.log.read_text(), 60)
        wait_until(lambda: not page_runs(run))
        assert run.process.poll() is None
        assert not is_free(run.port)
        assert f"open http://localhost:{run.dashboard_port}" not in run.log.read_text()


def test_a_new_flash_allows_the_dashboards_port_and_an_old_one_is_told(program: Path, tmp_path: Path):
    with _Run(tmp_path, free_port()) as first:
        first.wait_for(f"ready http://127.0.0.1:{first.port}")
        origin = f"http://localhost:{first.dashboard_port}"
        answer = first.status(Origin=origin)
        assert answer.headers["access-control-allow-origin"] == origin
        listed = answer.json()["policy"]
        wait_until(lambda: first.is_looked_at())
        assert "does not allow" not in first.log.read_text()
    with _Run(tmp_path, free_port()) as again:
        url, page = f"http://127.0.0.1:{again.port}", f"http://localhost:{again.dashboard_port}"
        again.wait_for(
            f"{url} does not allow {page}; let it in: camcors policy allow {page} --port {again.repl}"
        )
        assert again.status().json()["policy"] == listed
        allow = ["policy", "allow", page, "--port", str(again.repl)]
        done = subprocess.run([sys.executable, "-m", "camcors_cli", *allow], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        answer = again.status(Origin=page)
        assert answer.headers["access-control-allow-origin"] == page


def page_runs(run: _Run) -> bool:
    """Whether the dashboard of this `make run` is there still; the shell's own text names it too."""
    program = "^[^ ]+ -m camcors_cli"
    found = subprocess.run(["pgrep", "-g", str(run.process.pid), "-f", program], capture_output=True)
    return found.returncode == 0


@pytest.mark.parametrize("how", ["make", "group"])
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_make_run_ends_where_sigint_was_ignored_at_its_start(
    program: Path, tmp_path: Path, how: str, signum: signal.Signals
):
    """As under nohup in the background, and in some CI; make itself then ignores SIGINT for good."""
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        started = _Run(tmp_path, free_port())
    finally:
        signal.signal(signal.SIGINT, old)
    with started as run:
        run.wait_for(f"ready http://127.0.0.1:{run.port}", f"dashboard http://localhost:{run.dashboard_port}")
        if how == "group" or signum == signal.SIGINT:
            os.killpg(run.process.pid, signum)
        else:
            run.process.send_signal(signum)
        run.process.wait(timeout=20)
        wait_until(lambda: is_free(run.port) and is_free(run.dashboard_port) and not run.repl.is_symlink())


@pytest.mark.parametrize("way", ["argument", "environment"])
def test_make_takes_a_variable_either_way(way: str):
    chosen = {"PORT": "8181", "TLS_PORT": "8444", "DASHBOARD_PORT": "8100", "REPL": "/r", "FLASH": "/f"}
    arguments = [f"{name}={value}" for name, value in chosen.items()] if way == "argument" else []
    env = os.environ | (chosen if way == "environment" else {}) | {"HOST": "my-machine"}  # as tcsh has it
    command = ["make", "--dry-run", "run", *arguments]
    shown = subprocess.run(command, cwd=TOP, env=env, capture_output=True, text=True, check=True).stdout
    assert "--port 8181 --tls-port 8444 --host 127.0.0.1 --repl /r --flash /f" in shown
    assert "--dashboard-port 8100 " in shown
    assert "--http-port 8100 --camera http://127.0.0.1:8181" in shown
