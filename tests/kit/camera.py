"""The camera on your desk under test: started as a person starts it, on free ports of the loopback."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
from camcors_cli.cli import main
from click.testing import CliRunner
from mpremote.commands import do_disconnect, do_filesystem_cp
from mpremote.transport_serial import SerialTransport

from tests.kit.pts import Pts
from tests.kit.small_board import TEST_HEAP, spare_card

TOP = Path(__file__).resolve().parents[2]
#: The same with words of 32 bits, as a board's: `make host32`.
PROGRAM32 = TOP / "build" / "HOST32" / "camcors-host"
#: The camera under test.
PROGRAM = PROGRAM32 if TEST_HEAP else TOP / "build" / "HOST" / "camcors-host"
FLASH_SIZE = 4 * 1024 * 1024
VFS_OFFSET = 0x330000
START_SECONDS = 20
#: An access file that opens the camera, as most tests need it.
OPEN = '{"version": 1, "open": "anyone in this network may watch and control"}'
#: What a camera with an access file has in flash for it.
ACCESS_FILES = ["access.good.json", "access.json", "access.record.json"]

_FILL = """
for size in (65536, 4096, 100):
    try:
        for i in range(1000):
            with open('/full%d_%d' % (size, i), 'wb') as f:
                for _ in range(max(1, size // 4096)):
                    f.write(bytes(min(size, 4096)))
    except OSError as exc:
        assert exc.errno in (28, 36)  # littlefs says ENAMETOOLONG when a directory cannot grow
"""


# Each of pytest's workers has its own, below those that Linux gives to clients (from 32768 on): nobody may
# get a port between its choice and its use.
_PORTS = 2000
_FIRST_PORT = 20000 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 6 * _PORTS
_offsets = itertools.count(random.randrange(_PORTS))


def free_port() -> int:
    """A port of the loopback that nothing listens on, and that was not given before."""
    while True:
        port = _FIRST_PORT + next(_offsets) % _PORTS
        with contextlib.suppress(OSError), socket.socket() as s:
            s.bind(("127.0.0.1", port))
            return port


def is_socket(descriptor: Path) -> bool:
    """Whether /proc/PID/fd/N is a socket; False if it is none any more."""
    try:
        return "socket:" in str(descriptor.readlink())
    except FileNotFoundError:
        return False


class _Stdin(io.BytesIO):
    """What a command reads, by the name that Python gives to it."""

    name = "<stdin>"


class Camera:
    """One running camera; `lines` is what it has printed. `before`: what its command begins with. `access`:
    the access file of a new flash, None for none. `heap`: its bytes, None for a board's with PSRAM."""

    def __init__(
        self,
        flash: Path,
        *,
        port: int | None = None,
        tls_port: int | None = None,
        repl: Path | None = None,
        insecure_repl_port: int | None = None,
        watchdog_ms: int | None = None,
        before: Sequence[str] = (),
        access: str | None = OPEN,
        program: Path = PROGRAM,
        heap: int | None = TEST_HEAP,
    ):
        self.flash = flash
        self.port = port or free_port()
        self.tls_port = tls_port or free_port()
        self.repl = str(repl or flash.with_name(flash.name + ".repl"))
        repl_options = ["--repl", self.repl]
        if insecure_repl_port is not None:
            self.repl = f"socket://127.0.0.1:{insecure_repl_port}"
            repl_options = ["--insecure-repl-port", str(insecure_repl_port)]
        #: What shows a token of a locked camera, for `status` and the like.
        self.headers: dict[str, str] = {}
        self.lines: list[str] = []
        self._queue: queue.Queue[str | None] = queue.Queue()
        command = [*before, str(program), "--port", str(self.port), "--tls-port", str(self.tls_port)]
        command += [*repl_options, "--host", "127.0.0.1", "--flash", str(flash)]
        if access is not None:
            command += ["--access", access]
        if watchdog_ms is not None:
            command += ["--watchdog-ms", str(watchdog_ms)]
        env = {**os.environ, "CAMCORS_HOST_HEAP": str(heap)} if heap else None
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """Where it serves once it has a certificate."""
        return f"https://127.0.0.1:{self.tls_port}"

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_for(self, text: str, seconds: float = START_SECONDS) -> str:
        """The next printed line that holds `text`; AssertionError with all that was printed if none comes.

        It need not begin so: two threads print on one console, one maybe in the middle of the other's line.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                line = self._queue.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                break
            self.lines.append(line)
            if text in line:
                return line
        raise AssertionError(f"no line {text!r} in {self.lines}")

    def wait_ready(self, url: str | None = None) -> Camera:
        """Wait until it serves at `url`, its address for plain http if that is None."""
        self.wait_for(f"ready {url or self.url}")
        spare_card(self)
        return self

    def drain(self) -> list[str]:
        """All that was printed so far."""
        while not self._queue.empty():
            line = self._queue.get()
            if line is not None:
                self.lines.append(line)
        return self.lines

    def serial(self) -> Pts:
        """A connection to the REPL."""
        return Pts(self.repl)

    def mpremote(self, *args: str, seconds: float = 30, **env: str) -> subprocess.CompletedProcess[str]:
        """Run the unmodified mpremote against the camera's REPL."""
        command = [sys.executable, "-m", "mpremote", "connect", self.repl]
        return subprocess.run(
            [*command, *args],
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
        )

    def camcors(self, *args: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        """Run `camcors` against the camera's REPL in this process: one of its own takes long to start."""
        env = {"CAMCORS_PORT": self.repl, **env}
        done = CliRunner().invoke(main, args, _Stdin(stdin.encode()), env, prog_name="camcors")
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(args, done.exit_code, done.stdout, done.stderr)

    def camcors_process(
        self, *args: str, stdin: str = "", seconds: float = 60, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the program `camcors` against the camera's REPL, with pipes for its three streams."""
        return subprocess.run(
            [sys.executable, "-m", "camcors_cli", *args],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**os.environ, "CAMCORS_PORT": self.repl, **env},
        )

    @contextlib.contextmanager
    def _raw_repl(self) -> Iterator[SimpleNamespace]:
        """The state of mpremote in the raw REPL, in this process: its program takes longer to start than most
        of what it does here."""
        state = SimpleNamespace(transport=SerialTransport(self.repl))
        try:
            state.transport.enter_raw_repl(soft_reset=False)
            yield state
        finally:
            do_disconnect(state)

    def exec(self, code: str) -> str:
        """Run `code` on the camera without a reset -> what it printed; AssertionError if it raised."""
        with self._raw_repl() as state:
            printed, raised = state.transport.exec_raw(code, timeout=30)
        assert not raised, (printed + raised).decode()
        return printed.decode().replace("\r\n", "\n")

    def status(self) -> dict[str, Any]:
        """What /api/status reports; raises httpx.HTTPError."""
        return httpx.get(f"{self.url}/api/status", headers=self.headers).raise_for_status().json()

    def report(self) -> dict[str, Any]:
        """What /api/status reports, by the REPL: a locked camera tells it too."""
        return json.loads(
            self.exec("import json\nfrom camcors.start import state\nprint(json.dumps(state.report()))")
        )

    def put(self, name: str, content: str | bytes) -> None:
        """Write a file on the camera as `mpremote cp` does, without a reset."""
        with tempfile.NamedTemporaryFile("wb") as f, self._raw_repl() as state:
            f.write(content.encode() if isinstance(content, str) else content)
            f.flush()
            do_filesystem_cp(state, f.name, f":{name}", False, check_hash=True)

    def content(self, name: str) -> bytes | None:
        """What the file `name` on the camera holds, None if there is none."""
        code = f"import os\nif {name!r} in os.listdir('/'): print(open({name!r}, 'rb').read().hex())"
        shown = self.exec(code)
        return bytes.fromhex(shown) if shown else None

    def fill(self) -> None:
        """Fill the camera's filesystem with files whose names begin with "full"."""
        self.exec(_FILL)

    def disable(self) -> None:
        """Reset it with a file /disable: the REPL is there, and no server."""
        self.put("disable", "")
        self.reset()
        self.wait_for("camcors: not started, since the file /disable exists")
        self.exec("")  # which boot.py, if it has not ended yet, does not outlast: a command would say so

    def reset(self) -> None:
        """Reset as `mpremote reset` does; what was printed before is drained first."""
        self.drain()
        done = self.mpremote("resume", "reset")
        assert done.returncode == 0, done.stdout + done.stderr

    def stop(self, signum: int = signal.SIGINT) -> int:
        """End it as Ctrl-C does -> its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signum)
        status = self.process.wait(timeout=10)
        self._reader.join(timeout=10)
        self.drain()
        return status

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=10)
        self._reader.join(timeout=10)


@contextlib.contextmanager
def streaming(camera: Camera) -> Iterator[list[float]]:
    """A stream that runs meanwhile: the time of each frame; fails if it ended or ever paused for 3 s."""
    frames: list[float] = []
    stop = threading.Event()
    ended: list[str] = []

    def read() -> None:
        try:
            with httpx.stream("GET", f"{camera.url}/api/stream?fps=10", timeout=5) as answer:
                for chunk in answer.iter_raw():
                    frames.extend([time.monotonic()] * chunk.count(b"--frame\r\n"))
                    if stop.is_set():
                        return
            ended.append("the stream ended")
        except httpx.HTTPError as exc:
            ended.append(repr(exc))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        while not frames and not ended:
            time.sleep(0.01)
        yield frames
        count = len(frames)
        end = time.monotonic() + 5
        while len(frames) < count + 3 and not ended and time.monotonic() < end:
            time.sleep(0.01)
        assert len(frames) >= count + 3, ended
    finally:
        stop.set()
        reader.join(timeout=10)
    assert ended == []
    assert max(b - a for a, b in itertools.pairwise(frames)) < 3
