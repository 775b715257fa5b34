"""A person's terminal: a tmux session of 100 columns with one command in it."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path


class Terminal:
    """Runs `command` in a terminal; a context manager. tmux has a server of its own here."""

    def __init__(self, command: Sequence[str], **env: str):
        self._folder = tempfile.TemporaryDirectory()
        self._status = Path(self._folder.name) / "status"
        shown = shlex.join(["env", *(f"{name}={value}" for name, value in env.items()), *command])
        script = f"trap : INT; {shown}; echo $? > {shlex.quote(str(self._status))}; exec cat"
        size = ["-x", "100", "-y", "50"]
        self._tmux("-f", os.devnull, "new-session", "-d", *size, "sh", "-c", script)

    def _tmux(self, *args: str) -> str:
        command = ["tmux", "-S", f"{self._folder.name}/tmux", *args]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout

    @property
    def screen(self) -> str:
        """What can be read, with what has scrolled away."""
        return self._tmux("capture-pane", "-p", "-J", "-S", "-")

    @property
    def visible(self) -> str:
        """What can be read, without what has scrolled away."""
        return self._tmux("capture-pane", "-p", "-J")

    @property
    def escapes(self) -> str:
        """As `screen`, with the escape sequences for colours."""
        return self._tmux("capture-pane", "-p", "-e", "-S", "-")

    def type(self, *keys: str) -> None:
        """Press keys: text, or names as tmux has them, Enter or C-c."""
        self._tmux("send-keys", *keys)

    def wait_for(self, text: str, seconds: float = 20) -> str:
        """The screen, once `text` stands on it."""
        end = time.monotonic() + seconds
        while text not in (screen := self.screen):
            assert time.monotonic() < end, f"no {text!r} in\n{screen}"
            time.sleep(0.05)
        return screen

    def wait(self, seconds: float = 30) -> int:
        """The command's exit status, once it has ended."""
        end = time.monotonic() + seconds
        while not self._status.exists() or not self._status.read_text().endswith("\n"):
            assert time.monotonic() < end, self.screen
            time.sleep(0.05)
        return int(self._status.read_text())

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exc: object) -> None:
        self._tmux("kill-server")
        self._folder.cleanup()
