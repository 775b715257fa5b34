"""What Tab completes and shows in bash, zsh and fish, each a real one on a terminal with its own script."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from camcors_cli.cli import main
from camcors_cli.device.idle import IdleBoard
from camcors_cli.ui.errors import Failure
from camcors_cli.ui.output import Output
from click.shell_completion import ShellComplete

from tests.kit.camera import Camera
from tests.kit.terminal import Terminal

BIN = Path(sys.executable).parent
PROMPT = "ready> "
STARTS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], f"PS1='{PROMPT}'; source <(camcors completion bash)"),
    "zsh": (
        ["zsh", "-f", "-i"],
        f"PS1='{PROMPT}'; autoload -U compinit; compinit -u -D; source <(camcors completion zsh)",
    ),
    "fish": (
        ["fish", "--no-config", "-i"],
        f"function fish_prompt; echo -n '{PROMPT}'; end; set -g fish_autosuggestion_enabled 0; "
        "camcors completion fish | source",
    ),
}


class Shell:
    """A shell in a folder with images, whose CAMCORS_PORT is that of a camera."""

    def __init__(self, name: str, folder: Path, port: str):
        self.name = name
        command, script = STARTS[name]
        words = ["env", "-C", str(folder), *command]
        env = {"PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        self.terminal = Terminal(words, **env, CAMCORS_PORT=port)
        self.terminal.type("-l", f"{script}; clear")
        self.terminal.type("Enter")
        self._wait(lambda screen: screen.strip() == PROMPT.strip(), "a prompt")

    def press_tab(self, line: str, expected: str, tabs: int = 1, then: str = "") -> str:
        """The screen, once `expected` (a regular expression) stands on it after `line`, Tab and `then`."""
        self.terminal.type("-l", line)
        self._wait(lambda screen: line in screen.replace("\n", ""), line)
        for _ in range(tabs):
            self.terminal.type("Tab")
        if then:
            self.terminal.type("-l", then)
        try:
            return self._wait(
                lambda screen: re.search(expected, screen.replace("\n", "")) is not None, expected
            )
        finally:
            self.terminal.type("C-e", "C-u")
            self.terminal.type("-l", "clear")
            self.terminal.type("Enter")
            self._wait(lambda screen: screen.strip() == PROMPT.strip(), "an empty screen")

    def _wait(self, is_there: Callable[[str], bool], what: str) -> str:
        end = time.monotonic() + 30
        while not is_there(screen := self.terminal.visible):
            assert time.monotonic() < end, f"{self.name}: no {what!r} in\n{screen}"
            time.sleep(0.05)
        return screen


@pytest.fixture(scope="module", params=list(STARTS))
def shell(
    request: pytest.FixtureRequest, camera: Camera, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shell]:
    if shutil.which(request.param) is None:
        pytest.skip(f"there is no {request.param}")
    folder = tmp_path_factory.mktemp("images")
    (folder / "my-image.bin").touch()
    (folder / "build" / "X").mkdir(parents=True)
    (folder / "build" / "X" / "firmware.bin").touch()
    (folder / "notes.txt").touch()
    origins = '["https://*.b.example", "http://a.example", "http://localhost:8000"]'
    camera.put("policy.json", f'{{"version": 1, "allowed_origins": {origins}}}')
    camera.put(
        "access.json", f'{{"tokens": [{{"name": "kitchen", "role": "view", "sha256": "{"0" * 64}"}}]}}'
    )
    camera.exec("from camcors import remote; remote.look()")
    shell = Shell(request.param, folder, camera.repl)
    with shell.terminal:
        yield shell


# What is typed before Tab, and the line after it.
COMPLETED = [
    ("camcors pol", "camcors policy "),
    ("true; camcors pol", "true; camcors policy "),
    ("X=1 camcors policy deny http://a", "X=1 camcors policy deny http://a.example"),
    ("camcors --port nowhere policy set max_a", "camcors --port nowhere policy set max_age"),
    ("camcors policy deny http://a", "camcors policy deny http://a.example"),
    ("camcors policy deny http://localhost:", "camcors policy deny http://localhost:8000"),
    ("camcors policy deny 'http://a", "camcors policy deny 'http://a.example'"),
    ("camcors policy set allow_c", "camcors policy set allow_credentials"),
    ("camcors policy set resource_policy c", "camcors policy set resource_policy cross-origin"),
    ("camcors policy set allowed_methods GET,PU", "camcors policy set allowed_methods GET,PUT"),
    (
        "camcors policy set allowed_origins http://l",
        "camcors policy set allowed_origins http://localhost:8000",
    ),
    ("camcors policy set expose_headers X-F", "camcors policy set expose_headers X-Frame-Id"),
    ("camcors token rotate ki", "camcors token rotate kitchen"),
    ("camcors token remove ki", "camcors token remove kitchen"),
    ("camcors token add x --role c", "camcors token add x --role control"),
    ("camcors flash my", "camcors flash my-image.bin"),
    ("camcors flash build/", "camcors flash build/X/firmware.bin"),
    ("camcors flash XI", "camcors flash XIAO_ESP32S3_SENSE"),
    ("camcors flash XIAO_ESP32S3_SENSE my", "camcors flash XIAO_ESP32S3_SENSE my-image.bin"),
    ("camcors image TT", "camcors image TTGO_T_CAMERA_PLUS"),
    ("camcors settings check --board XI", "camcors settings check --board XIAO_ESP32S3_SENSE"),
    ("camcors policy push not", "camcors policy push notes.txt"),
]


def test_tab_completes(shell: Shell) -> None:
    for typed, line in COMPLETED:
        shell.press_tab(typed, re.escape(PROMPT + line) + r"(?!\w)")


def test_the_port_may_stand_anywhere(shell: Shell, camera: Camera) -> None:
    shell.press_tab(f"camcors --port {camera.repl} policy deny http://a", r"http://a\.example")
    for words in ("camcors --port /nowhere policy deny", "camcors policy deny --port /nowhere"):
        shell.press_tab(f"{words} http://a", "http://aEND", then="END")


def test_a_star_is_quoted(shell: Shell) -> None:
    quoted = r"deny (https://\\\*\.b\.example|'https://\*\.b\.example')"
    shell.press_tab("camcors policy deny https:", quoted)


def test_tab_shows_what_there_is(shell: Shell) -> None:
    tabs = 1 if shell.name == "fish" else 2
    shown = shell.press_tab("camcors policy set allow_credentials ", "true", tabs)
    assert "false" in shown
    shown = shell.press_tab("camcors flash ", "my-image.bin", tabs)
    for each in ("XIAO_ESP32S3_SENSE", "HOST", "build/X/firmware.bin"):
        assert each in shown
    assert "notes.txt" not in shown
    shown = shell.press_tab("camcors policy deny http:", "//localhost:8000", tabs + 1)
    assert "//a.example" in shown


def test_descriptions_are_whole_sentences(shell: Shell) -> None:
    if shell.name == "bash":
        pytest.skip("bash shows none")
    shown = " ".join(shell.press_tab("camcors ", "completion", 1 if shell.name == "fish" else 2).split())
    for sentence in (
        "Show, check and change a camera's policy, /policy.json.",
        "Write an image to a board, verify it, and start it.",
    ):
        assert sentence in shown


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

# The words before Tab, what stands of the next one, and what is offered.
OFFERED: list[tuple[str, str, list[str]]] = [
    ("policy set", "allowed_h", ["allowed_headers", "allowed_hosts"]),
    ("policy set max_age", "", ["null", "0", "86400"]),
    ("policy set version", "", ["1"]),
    ("policy set allow_credentials", "", ["true", "false"]),
    ("policy set block_cross_origin_writes", "t", ["true"]),
    ("policy set resource_policy", "same", ["same-origin", "same-site"]),
    ("policy set allowed_methods", "", ["null", *METHODS]),
    ("policy set allowed_methods", "GET,P", ["GET,POST", "GET,PUT", "GET,PATCH"]),
    ("policy set allowed_methods", "PUT,P", ["PUT,POST", "PUT,PATCH"]),
    ("policy set allowed_headers", "C", ["Content-Type"]),
    ("policy set expose_headers", "X-Frame-Id,", ["X-Frame-Id,X-Timestamp"]),
    ("policy set allowed_origins", "", ["*"]),
    ("policy set allowed_hosts", "", ["null"]),
    ("policy set nothing", "", []),
    ("policy deny", "", []),
    ("image", "xiao", ["XIAO_ESP32S3_SENSE"]),
    ("flash", "m5", ["M5STACK_CAMS3_UNIT", "M5STACK_TIMER_CAMERA"]),
    ("flash HOST", "m5", ["m5"]),  # a file, of whatever name
    ("completion", "", ["bash", "zsh", "fish"]),
]


@pytest.mark.parametrize(("words", "incomplete", "offered"), OFFERED)
def test_what_is_offered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: str, incomplete: str, offered: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CAMCORS_PORT", raising=False)
    found = ShellComplete(main, {}, "camcors", "").get_completions(words.split(), incomplete)
    assert [each.value for each in found] == offered


def offered_at(port: str) -> list[str]:
    """What is offered after `camcors policy deny` with this CAMCORS_PORT."""
    env = {**os.environ, "CAMCORS_PORT": port, "_CAMCORS_COMPLETE": "bash_complete"}
    env |= {"COMP_LINE": "camcors policy deny ", "COMP_WORD": "", "COMP_BREAKS": ""}
    done = subprocess.run([BIN / "camcors"], env=env, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.split()


def test_a_port_that_answers_nothing_shows_nothing_and_soon() -> None:
    master, slave = pty.openpty()  # a board that is silent
    before = time.monotonic()
    assert offered_at(os.ttyname(slave)) == []
    took = time.monotonic() - before
    os.close(master)
    os.close(slave)
    assert took < 10  # it waits 1 s; the board's own patience is 3 s for each of five interrupts


PROGRAMS = ["pass", "time.sleep(60)", "print('x' * 60)", "print('>>> ', end='')"]


@pytest.mark.parametrize("body", PROGRAMS)
@pytest.mark.parametrize(("enter", "end"), [(b"\x01", b"\x04"), (b"\x02", b"\r")], ids=["raw", "friendly"])
def test_tab_leaves_a_program_running(camera: Camera, body: str, enter: bytes, end: bytes) -> None:
    code = f"import time; print('be' + 'gun')\nwhile True: {body}\n"
    with camera.serial() as line:
        line.sendall(b"\r\x03\r" + enter + code.replace("\n", "\r").encode() + end * 2)
        got = b""
        while not got.endswith(b"begun\r\n"):
            got += line.recv(1)
    assert offered_at(camera.repl) == []
    done = camera.camcors_process("info")
    assert done.stderr == "camcors: a program on the board was interrupted; camcors reset starts it again\n"
    assert offered_at(camera.repl) != []


UNFINISHED = {
    "running": "import time\nwhile True: time.sleep_ms(1)",
    "printing": "while True: print('x' * 60)",
}


@pytest.mark.parametrize("code", UNFINISHED.values(), ids=list(UNFINISHED))
def test_what_takes_too_long_leaves_a_prompt(camera: Camera, code: str) -> None:
    with pytest.raises(Failure, match="it takes too long"), IdleBoard(camera.repl, Output(), 0.7) as board:
        board._run(code, "waiting")
    assert offered_at(camera.repl) != []


def test_what_is_half_sent_leaves_a_prompt(camera: Camera) -> None:
    with pytest.raises(KeyboardInterrupt), IdleBoard(camera.repl, Output(), 5) as board:
        board._transport.serial.write(b"\x05A\x01while True: pa")  # raw-paste mode
        raise KeyboardInterrupt
    assert offered_at(camera.repl) != []
