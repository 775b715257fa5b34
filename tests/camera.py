"""The camera on your desk under test: started as a person starts it, on free ports of the loopback."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
PROGRAM = TOP / "build" / "HOST" / "camcors-host"
FLASH_SIZE = 4 * 1024 * 1024
VFS_OFFSET = 0x200000
START_SECONDS = 20


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Camera:
    """One running camera; `lines` is what it has printed."""

    def __init__(self, flash: Path, *, port: int | None = None, repl_port: int | None = None):
        self.flash = flash
        self.port = port or free_port()
        self.repl_port = repl_port or free_port()
        self.lines: list[str] = []
        self._queue: queue.Queue[str | None] = queue.Queue()
        command = [str(PROGRAM), "--port", str(self.port), "--repl-port", str(self.repl_port)]
        command += ["--host", "127.0.0.1", "--flash", str(flash)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_for(self, beginning: str, seconds: float = START_SECONDS) -> str:
        """The next printed line that begins so; AssertionError with all that was printed if none comes."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                line = self._queue.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                break
            self.lines.append(line)
            if line.startswith(beginning):
                return line
        raise AssertionError(f"no line {beginning!r} in {self.lines}")

    def wait_ready(self) -> Camera:
        self.wait_for(f"ready {self.url}")
        return self

    def drain(self) -> list[str]:
        """All that was printed so far."""
        while not self._queue.empty():
            line = self._queue.get()
            if line is not None:
                self.lines.append(line)
        return self.lines

    def serial(self) -> socket.socket:
        """A connection to the REPL's port; it is refused for the moment in which another one ends."""
        end = time.monotonic() + 5
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.repl_port), timeout=10)
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)

    def mpremote(self, *args: str, seconds: float = 30, **env: str) -> subprocess.CompletedProcess[str]:
        """Runs the unmodified mpremote against the camera's REPL port."""
        command = [sys.executable, "-m", "mpremote", "connect", f"socket://127.0.0.1:{self.repl_port}"]
        return subprocess.run(
            [*command, *args],
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
        )

    def exec(self, code: str) -> str:
        """Runs `code` on the camera without a reset -> what it printed; AssertionError if it raised."""
        done = self.mpremote("resume", "exec", code)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def put(self, name: str, content: str) -> None:
        """Writes a file on the camera with mpremote, without a reset."""
        with tempfile.NamedTemporaryFile("w", delete=False) as f:
            f.write(content)
        try:
            done = self.mpremote("resume", "cp", f.name, f":{name}")
        finally:
            os.unlink(f.name)
        assert done.returncode == 0, done.stdout + done.stderr

    def reset(self) -> None:
        """Resets as `mpremote reset` does; what was printed before is drained first."""
        self.drain()
        done = self.mpremote("resume", "reset")
        assert done.returncode == 0, done.stdout + done.stderr

    def stop(self, signum: int = signal.SIGINT) -> int:
        """Ends it as Ctrl-C does -> its exit status."""
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
