"""`camcors logs`, on the camera on your desk and on boards whose answers are made up."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from camcors_cli.commands import logs
from camcors_cli.device import board, log
from camcors_cli.device.calls import Call
from mpremote.transport_serial import SerialTransport

from tests.kit.camera import Camera
from tests.kit.fake_board import LOG, FakeBoard, transport
from tests.kit.pts import Pts
from tests.tools.camcors_cli.conftest import Command

ROUTE = """
import machine
from camcors import app
@app.get("/boom")
def boom(request):
    raise ValueError(request.args["text"])
@app.get("/reset")
def reset(request):
    machine.reset()
"""


@pytest.fixture
def failing(new_camera: Camera) -> Camera:
    """A camera with a handler that fails with the words of its path."""
    new_camera.put("main.py", ROUTE)
    new_camera.reset()
    return new_camera.wait_ready()


def fail(camera: Camera, text: str) -> None:
    assert httpx.get(f"{camera.url}/boom", params={"text": text}).status_code == 500


def read_until(line: Pts, wanted: bytes) -> bytes:
    got = b""
    while wanted not in got:
        got += line.recv(1000)
    return got


def test_no_line_falls_into_an_answer_of_the_raw_repl(failing: Camera) -> None:
    """They come once the program has left, each once and in their order; the console has them at once."""
    with failing.serial() as line:
        line.sendall(b"\r\x03\x02\r\x01")
        read_until(line, b"raw REPL; CTRL-B to exit\r\n>")
        for number in range(5):
            fail(failing, f"before{number}")
            failing.wait_for(f"ValueError: before{number}")
            line.sendall(b"print(6 * 7)\x04")
            assert read_until(line, b"\x04\x04>") == b"OK42\r\n\x04\x04>"
        line.sendall(b"\x02")
        got = read_until(line, b"before4\r\n")
        assert [got.count(b"ValueError: before%d\r\n" % number) for number in range(5)] == [1] * 5
        fail(failing, "after")
        assert read_until(line, b"ValueError: after\r\n").count(b"ValueError") == 1


def test_what_the_camera_has_said(failing: Camera, on: Command) -> None:
    fail(failing, "once")
    done = on(failing, "logs")
    lines = done.stdout.splitlines()
    assert lines[0].endswith(f"] ready {failing.url}")
    assert lines[1].endswith("] Traceback (most recent call last):")
    assert lines[-1].endswith("] ValueError: once")
    assert (done.stderr, done.exit_code) == ("", 0)
    found = json.loads(on(failing, "logs", "--json").stdout)
    assert [each["text"] for each in found] == [each.partition("] ")[2] for each in lines]
    assert all(type(each["uptime_s"]) is int for each in found)


def test_what_a_page_makes_the_camera_say_steers_no_terminal(failing: Camera, on: Command) -> None:
    fail(failing, "\x1b[2J\u202ex")
    last = on(failing, "logs").stdout.splitlines()[-1]
    assert last.endswith(r"] ValueError: \x1b[2J\u202ex")


class Follower:
    """A running `camcors logs --follow`."""

    def __init__(self, camera: Camera, *options: str):
        env = {**os.environ, "CAMCORS_PORT": camera.repl, "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "camcors_cli", "logs", "--follow", *options]
        self._lines: queue.Queue[str] = queue.Queue()
        self.seen: list[str] = []
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def wait_for(self, text: str, seconds: float = 40) -> str:
        end = time.monotonic() + seconds
        while True:
            self.seen.append(self._lines.get(timeout=max(0.01, end - time.monotonic())))
            if text in self.seen[-1]:
                return self.seen[-1]

    def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        _, stderr = self.process.communicate(timeout=20)
        return self.process.returncode, stderr


@contextlib.contextmanager
def following(camera: Camera, *options: str) -> Iterator[Follower]:
    follower = Follower(camera, *options)
    try:
        yield follower
    finally:
        if follower.process.poll() is None:
            follower.process.kill()
        follower.process.wait(timeout=10)


def test_following(failing: Camera) -> None:
    with following(failing) as follower:
        follower.wait_for("] ready ")
        for number in range(60):  # several times what the camera keeps
            fail(failing, f"number{number}.")
            follower.wait_for(f"ValueError: number{number}.")
        assert follower.stop() == (0, "")
    assert sum("ValueError" in line for line in follower.seen) == 60


def test_following_over_a_restart(failing: Camera) -> None:
    """The lines of the new run come from its first one on."""
    with following(failing, "--json") as follower:
        assert json.loads(follower.wait_for("ready "))["text"] == f"ready {failing.url}"
        for number in range(5):
            fail(failing, f"number{number}.")
        follower.wait_for("number4.")
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(f"{failing.url}/reset", timeout=2)
        assert json.loads(follower.wait_for("ready "))["text"] == f"ready {failing.url}"
        code, stderr = follower.stop()
    assert (code, stderr.splitlines()[:1]) == (0, ["camcors: the camera is lost; waiting for it"])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "_QUIET_S", 0)
    monkeypatch.setattr(logs, "_PAUSE_S", 0)
    monkeypatch.setattr(logs, "_BACK_S", 0)
    monkeypatch.setattr(SerialTransport.read_until, "__defaults__", (0.01, None, None))
    monkeypatch.setattr(SerialTransport.exec_raw, "__defaults__", (0.01, None))


def part(run: int, position: int, data: bytes) -> list[Any]:
    return [run, position, data.hex()]


# The camera's answers one after the other, and what is shown of them.
FULL = b"1 " + b"x" * 509 + b"\n"
READINGS: list[tuple[str, list[list[Any]], list[str]]] = [
    ("nothing was said", [part(1, 0, b"")], []),
    ("two lines", [part(1, 0, b"1 a\n22 b c\n")], ["[     1] a", "[    22] b c"]),
    ("in two parts", [part(1, 0, FULL), part(1, 512, b"3 b\n")], ["[     1] " + "x" * 509, "[     3] b"]),
    ("not from the first", [part(1, 900, b"9 a\n")], ["[     9] a"]),
    ("a gap", [part(1, 0, FULL[:-1] + b"y"), part(1, 700, b"3 b\n")], ["[     3] b"]),
    ("no seconds", [part(1, 0, b"a b\n-1 c\n\n")], ["[     ?] a b", "[     ?] -1 c", "[     ?] "]),
    ("not UTF-8", [part(1, 0, b"1 \xff\x1b[2J\n")], ["[     1] \ufffd\\x1b[2J"]),
    ("restarted meanwhile", [part(1, 0, FULL), part(2, 0, b"1 b\n"), part(2, 0, b"0 a\n1 b\n")],
     ["[     1] " + "x" * 509, "[     0] a", "[     1] b"]),
]  # fmt: skip


def play(monkeypatch: pytest.MonkeyPatch, parts: list[list[Any]]) -> None:
    """A board that answers with `parts`, the last one again and again."""
    fake, left = FakeBoard(), list(parts)

    def twist(asked: str, out: bytes, err: bytes) -> tuple[bytes, bytes]:
        if asked != "log":
            return out, err
        answer = [left.pop(0) if len(left) > 1 else left[0]]
        *version, _ = json.loads(out.strip(b"\x1e\x1f\r\n"))  # in front of the first answer
        value = [*version, answer] if version else answer
        return b"\x1e" + json.dumps(value).encode() + b"\x1f\r\n", err

    fake.twist = twist
    monkeypatch.setattr(board, "open_port", lambda device: transport(fake))


@pytest.mark.parametrize(("parts", "shown"), [row[1:] for row in READINGS], ids=[row[0] for row in READINGS])
def test_what_is_shown(
    quick: None, monkeypatch: pytest.MonkeyPatch, run: Command, parts: list[list[Any]], shown: list[str]
) -> None:
    play(monkeypatch, parts)
    done = run("logs", "--port", "fake")
    assert (done.stdout.splitlines(), done.stderr, done.exit_code) == (shown, "", 0)


@pytest.mark.parametrize(
    "parts",
    [[part(1, 0, b"x" * 512)], [part(number, 0, b"x" * 512) for number in range(300)]],
    ids=["without end", "another run each time"],
)
def test_a_log_without_end(
    quick: None, monkeypatch: pytest.MonkeyPatch, run: Command, parts: list[list[Any]]
) -> None:
    play(monkeypatch, parts)
    done = run("logs", "--port", "fake")
    said = "camcors: the camera's log has no end; camcors reset, and try again\n"
    assert (done.stdout, done.stderr, done.exit_code) == ("", said, 4)


def test_the_next_reading_goes_on_where_the_last_one_ended(quick: None) -> None:
    asked: list[str] = []
    answers = [part(7, 0, LOG[:5]), part(7, 5, LOG[5:]), part(7, len(LOG), b"")]

    class Stub:
        def ask_camera(self, call: Call, what: str) -> list[Any]:
            asked.append(str(call))
            return [call.check(answers.pop(0))]

    read = log.Log()
    lines = [read.read(Stub()) for _ in range(3)]  # type: ignore[arg-type]
    assert [len(each) for each in lines] == [0, 2, 0]
    assert lines[1][0] == (2, "ready http://10.0.0.7:80")
    assert asked == [f"_remote.log({start}, 512)" for start in (0, 5, len(LOG))]


def test_following_ends_where_there_is_no_camera(quick: None, run: Command) -> None:
    done = run("logs", "--follow", "--port", "/dev/none")
    assert (done.stdout, done.exit_code) == ("", 3)
    assert done.stderr.startswith("camcors: ")


def test_following_ends_where_the_camera_does_not_come_back(
    quick: None, monkeypatch: pytest.MonkeyPatch, run: Command
) -> None:
    fake = FakeBoard()
    answered: list[str] = []

    def twist(asked: str, out: bytes, err: bytes) -> tuple[bytes, bytes]:
        answered.append(asked)
        return (b"", b"") if answered.count("log") > 1 else (out, err)

    fake.twist = twist
    monkeypatch.setattr(board, "open_port", lambda device: transport(fake))
    done = run("logs", "--follow", "--port", "fake")
    assert done.stdout.splitlines()[0] == "[     2] ready http://10.0.0.7:80"
    assert done.stderr == "camcors: the board's answer was garbled while reading its log; try again\n"
    assert done.exit_code == 3
