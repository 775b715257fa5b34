"""What can go wrong on the line: unplugged, busy, silent, garbled, another program, another firmware."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time

import httpx
import pytest
from camcors_cli.cli import main
from camcors_cli.device import board
from click.testing import CliRunner
from mpremote.transport_serial import SerialTransport

from cors import Policy
from tests.kit.camera import Camera
from tests.kit.line import Cut, Line, after_bytes, after_text

TEXTS = ['{"version": 1, "allowed_origins": ["https://%s.example"]}'.ljust(1900) % name for name in "abc"]
OFFSETS = 14
NO_PROMPT = (
    "gives no MicroPython prompt; if a program runs on the board, stop it or reset the board and try again; "
    "if the board has no MicroPython, flash the firmware\n"
)


def push(camera: Camera, text: str, port: str) -> tuple[int, str]:
    """The exit status of a push through `port`, and what it said on stderr."""
    done = camera.camcors("policy", "push", "-", "--port", port, stdin=text)
    return done.returncode, done.stderr


def repl(camera: Camera) -> str:
    """The camera's own port."""
    return camera.repl


def stands(camera: Camera) -> str:
    """The camera's file, which must be one of TEXTS, whole, and come into force within a moment."""
    content = camera.content("policy.json")
    assert content is not None
    text = content.decode()
    assert text in TEXTS
    end = time.monotonic() + 5
    while httpx.get(f"{camera.url}/api/status").json()["policy"]["digest"] != Policy.from_json(text).digest:
        assert time.monotonic() < end
        time.sleep(0.05)
    return text


def first_policy(camera: Camera) -> str:
    """One of TEXTS that stands on the camera, put there if none does."""
    if camera.content("policy.json") not in [text.encode() for text in TEXTS]:
        camera.put("policy.json", TEXTS[0])
    return stands(camera)


def pushed_through(camera: Camera, cut: Cut, new: str) -> bool:
    """Push `new` over a line that is cut; whether it was."""
    with Line(camera.repl, cut) as line:
        status, said = push(camera, new, line.port)
    if not line.was_cut:
        assert (status, said) == (0, "")
        return False
    assert status == 3
    assert said.startswith("camcors: ") and said.endswith("; check the cable and try again\n"), said
    assert said.count("\n") == 1
    return True


# What the host has sent when the cable is pulled, and whether the new policy is written by then.
STAGES: list[tuple[str, Cut, bool]] = [
    ("connecting", after_bytes(0), False),
    ("entering the raw REPL", after_text("\x01"), False),
    ("asking for the firmware", after_text("from camcors import"), False),
    ("asking for the file", after_text("_remote.begin('/policy.json', 1024)"), False),
    ("reading", after_text("_remote.read('/policy.json', 1024"), False),
    ("the first part", after_text("_remote.collect("), False),
    ("the last part", after_text("_remote.collect(", 2), False),
    ("before the save", after_text("_remote.save('/policy.json', "), False),
    ("the save", after_text("_remote.digest('/policy.json')]) + '\\x1f')\x04"), True),
    ("the wait", after_text("_remote.look()"), True),
]  # fmt: skip


@pytest.mark.parametrize(("cut", "written"), [row[1:] for row in STAGES], ids=[row[0] for row in STAGES])
def test_unplugged_at_each_stage_of_a_push(camera: Camera, cut: Cut, written: bool) -> None:
    old = first_policy(camera)
    new, other = (text for text in TEXTS if text != old)
    assert pushed_through(camera, cut, new)
    assert stands(camera) == (new if written else old)
    assert push(camera, other, repl(camera)) == (0, "")
    assert stands(camera) == other


def test_unplugged_after_any_number_of_bytes(camera: Camera) -> None:
    new = TEXTS[0] if first_policy(camera) == TEXTS[1] else TEXTS[1]
    with Line(camera.repl) as whole:
        assert push(camera, new, whole.port) == (0, "")
    old, seen = new, set()
    step, last = len(whole.sent) // OFFSETS, len(whole.sent) - 40  # in the question whether it is in force
    for count in (*range(1, OFFSETS * step, step), last):
        new = TEXTS[0] if old == TEXTS[1] else TEXTS[1]
        was_cut = pushed_through(camera, after_bytes(count), new)
        assert was_cut or count > 0.8 * len(whole.sent)  # one poll less than before
        found = stands(camera)
        assert found in (old, new)
        seen.add(found == new)
        old = found
    assert seen == {False, True}
    assert push(camera, TEXTS[2], repl(camera)) == (0, "")


class Garbler:
    """Puts a printed line behind the first `mark` that the board sends."""

    def __init__(self, mark: bytes):
        self.mark = mark
        self.done = False

    def __call__(self, piece: bytes) -> bytes:
        if self.done or self.mark not in piece:
            return piece
        self.done = True
        return piece.replace(self.mark, self.mark + b"camcors: a fault\r\n", 1)


@pytest.mark.parametrize("mark", [b"\x1e", b'"faults": ', b"uptime", b'"version": ', b"\x1f"])
def test_a_line_printed_into_an_answer_is_not_taken_for_it(camera: Camera, mark: bytes) -> None:
    garble = Garbler(mark)
    with Line(camera.repl, garble=garble) as line:
        done = camera.camcors("info", "--json", "--port", line.port)
    assert (done.stderr, done.returncode) == ("", 0)
    assert json.loads(done.stdout)["board"] == "HOST"
    assert garble.done


def test_an_answer_that_is_always_garbled(camera: Camera) -> None:
    with Line(camera.repl, garble=lambda piece: piece.replace(b"\x1e", b"\x1ex\r\n")) as line:
        done = camera.camcors_process("info", "--port", line.port)
    assert done.stderr == "camcors: the board's answer was garbled while asking what it is; try again\n"
    assert done.returncode == 3


def start(camera: Camera, code: str) -> None:
    """Start `code` on the REPL and leave it running."""
    with camera.serial() as line:
        line.sendall(b"\r\x03\r\x01" + code.encode() + b"\nprint('never')\x04")
        got = b""
        while not got.endswith(b"OK"):
            got += line.recv(1)
        assert b"never" not in got


LOOPS = ["while True: pass", "import time\nwhile True: time.sleep(60)", "while True: print('x' * 60)"]


@pytest.mark.parametrize("code", LOOPS)
def test_a_program_that_has_the_repl_is_interrupted(camera: Camera, code: str) -> None:
    start(camera, code)
    done = camera.camcors("info")
    assert done.stderr == "camcors: a program on the board was interrupted; camcors reset starts it again\n"
    assert (done.stdout.splitlines()[2], done.returncode) == ("board        HOST (camcors HOST)", 0)
    assert camera.camcors("info").stderr == ""


STUBBORN = "import time\nwhile True:\n try:\n  while True: {}\n except KeyboardInterrupt: pass"


@pytest.mark.parametrize("body", ["time.sleep(1)", "print('x' * 60)"])
def test_a_program_that_does_not_let_go(
    new_camera: Camera, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(new_camera, STUBBORN.format(body))
    monkeypatch.setattr(board, "_RAW_REPL_S", 0.5)
    port, end = repl(new_camera), time.monotonic() + 10
    done = CliRunner().invoke(main, ["info", "--port", port])
    while "nothing answers" in done.stderr and time.monotonic() < end:  # the line before is just ending
        done = CliRunner().invoke(main, ["info", "--port", port])
    said = f"camcors: {new_camera.repl} {NO_PROMPT}"
    assert (done.stdout, done.stderr, done.exit_code) == ("", said, 3)


def test_a_board_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "_RAW_REPL_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = f"socket://127.0.0.1:{silent.getsockname()[1]}"
        done = CliRunner().invoke(main, ["info", "--port", port])
    assert (done.stdout, done.stderr, done.exit_code) == ("", f"camcors: {port} {NO_PROMPT}", 3)


def test_a_board_that_falls_silent(camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    timeout, *others = SerialTransport.exec_raw.__defaults__
    assert timeout == 10  # seconds
    monkeypatch.setattr(SerialTransport.exec_raw, "__defaults__", (1, *others))
    heard = bytearray()

    def silence(piece: bytes) -> bytes:
        heard.extend(piece)
        return b"" if b"\x1e" in heard else piece

    with Line(camera.repl, garble=silence) as line:
        done = CliRunner().invoke(main, ["info", "--port", line.port])
    assert (done.stdout, done.exit_code) == ("", 3)
    # In the brackets are mpremote's words, by where the silence begins.
    assert re.fullmatch(
        r"camcors: the board was lost while asking what it is \(.+\); check the cable and try again\n",
        done.stderr,
    )


NO_FIRMWARE = """
import sys
sys.path.remove('.frozen')
for name in list(sys.modules):
    if name.startswith('camcors'):
        del sys.modules[name]
"""


@pytest.mark.parametrize(
    "command", [["info"], ["policy", "show"], ["policy", "push", "-"], ["wifi", "status"]]
)
def test_a_board_without_the_firmware(new_camera: Camera, command: list[str]) -> None:
    version = new_camera.exec(NO_FIRMWARE + "print(sys.version)").strip()
    done = new_camera.camcors(*command, stdin=TEXTS[0])
    said = f"camcors: there is no camcors firmware on this board (it runs {version}); "
    said += "flash the firmware, or choose another board with --port\n"
    assert (done.stdout, done.stderr, done.returncode) == ("", said, 3)


HOSTILE = """
from cors.store import Store
from camcors.start import state
def save(self, text, before):
    raise OSError(5, "\\x1b[2J\\x9b1m no")
Store.save = save
state.faults.append("\\x1b]0;title\\x07")
"""


def test_what_a_camera_says_does_not_steer_the_terminal(new_camera: Camera) -> None:
    new_camera.exec(HOSTILE)
    assert new_camera.camcors("info").stderr == "camcors: \\x1b]0;title\\x07\n"
    done = new_camera.camcors_process("policy", "push", "-", stdin=TEXTS[0])
    said = "camcors: the camera did not take the policy: \\x1b[2J\\x9b1m no; nothing was changed\n"
    assert (done.stderr, done.returncode) == (said, 4)
    new_camera.put("policy.json", '{"version": 1, "\\u001b[2J": "\x7f"}')
    done = new_camera.camcors("policy", "allow", "https://a.example")
    assert done.stderr.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "words",
    [
        "invalid header: 0xffffffff\r\n" * 8,
        "rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\nflash read err, 1000\r\n",
        "E (90) esp_image: Image hash failed - image is corrupt\r\n"
        "E (96) boot: OTA app partition slot 0 is not bootable\r\n"
        "E (101) boot: No bootable app partitions in the partition table\r\n",
    ],
)
def test_a_board_whose_flash_was_cut_off(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setattr(board, "_RAW_REPL_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def reboot() -> None:
            with listener.accept()[0] as line, contextlib.suppress(OSError):
                while True:
                    line.sendall(words.encode())
                    time.sleep(0.05)  # a chip's watchdog takes longer

        rebooting = threading.Thread(target=reboot)
        rebooting.start()
        port = f"socket://127.0.0.1:{listener.getsockname()[1]}"
        done = CliRunner().invoke(main, ["info", "--port", port])
        rebooting.join(timeout=10)
    assert not rebooting.is_alive()
    said = f"camcors: the board on {port} finds no firmware in its flash that starts; "
    assert (done.stdout, done.stderr) == ("", said + "flash it again: camcors flash IMAGE\n")
    assert done.exit_code == 3
