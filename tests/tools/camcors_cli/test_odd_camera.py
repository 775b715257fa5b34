"""Whatever a camera answers over HTTP, `doctor` ends with a verdict or one line, never with a traceback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest
from camcors_cli.browser import requests
from camcors_cli.cli import main
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

A = "https://a.example"


class Server:
    """Sends `answer` to whoever has sent a request's head, and closes."""

    def __init__(self) -> None:
        self.answer = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            with client:
                data = b""
                while b"\r\n\r\n" not in data and (block := client.recv(65536)):
                    data += block
                try:
                    client.sendall(self.answer)
                    client.shutdown(socket.SHUT_WR)
                    client.recv(65536)
                except OSError:
                    pass  # doctor has enough

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(requests, "_READ_S", 1)
    made = Server()
    yield made
    made.close()


NAMES = st.sampled_from(
    ["Location", "Vary", "Content-Length", "Transfer-Encoding", "Content-Encoding"]
    + [f"Access-Control-{name}" for name in ("Allow-Origin", "Allow-Methods", "Allow-Headers", "Max-Age")]
    + ["Access-Control-Allow-Credentials", "Access-Control-Expose-Headers", "Cross-Origin-Resource-Policy"]
)
VALUES = st.binary(max_size=30) | st.sampled_from(
    [A.encode(), b"*", b"true", b"9" * 400, b"a,,\xff,*", b"gzip"]
)
BODIES = st.binary(max_size=60) | st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["board", "firmware", "policy", "state"]), inner, max_size=4)
    ),
    max_leaves=6,
).map(lambda value: json.dumps(value).encode())


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    status = draw(st.sampled_from([200, 204, 301, 403, 404, 421, 503, 999]) | st.integers(100, 599))
    fields = draw(st.lists(st.tuples(NAMES, VALUES), max_size=5))
    head = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in fields)
    return b"HTTP/1.1 %d \xff\x1b[2J\r\n" % status + head + b"\r\n" + draw(BODIES)


REPORT = b'{"board": [], "firmware": {}, "policy": {"state": {}}}'


@given(
    answer=answers() | st.binary(max_size=80), method=st.sampled_from(["GET", "PUT"]), as_json=st.booleans()
)
@example(b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 16_000, "GET", True)
@example(b"HTTP/1.1 200 OK\r\n\r\n" + REPORT, "PUT", False)
@example(b"HTTP/1.1 200 OK\r\nAccess-Control-Expose-Headers: \xff,\r\n\r\n" + REPORT, "GET", False)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_answer(server: Server, answer: bytes, method: str, as_json: bool) -> None:
    server.answer = answer
    options = ["--origin", A, "--method", method, *["--json"] * as_json]
    done = CliRunner().invoke(main, ["doctor", server.url, *options], prog_name="camcors")
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code in (0, 1, 3), done.output
    assert all(char.isprintable() or char in "\n\t" for char in done.output), done.output
    assert done.stderr.count("\n") == (done.exit_code == 3)
    if as_json:
        json.loads(done.stdout, parse_constant=lambda name: pytest.fail(name))
