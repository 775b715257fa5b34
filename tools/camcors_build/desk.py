"""`make run`: the camera on your desk and the dashboard, with links that carry the camera's first token.

    python -m camcors_build.desk FLASH TOKEN CAMERA... -- DASHBOARD...

FLASH, TOKEN: files. A flash that is not there yet gets a token, which TOKEN keeps. CAMERA, DASHBOARD: what to
run.

A link carries the token behind the `#`, which no browser sends to a server. It comes after the line of the
program that has its port, so it leads to no other program.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from urllib.parse import quote

from access import secret
from access.document import Access

NAME, ROLE = "desk", "control"
_CAMERA = "ready "
_DASHBOARD = "dashboard "


def make(flash: Path, kept: Path) -> str:
    """Return the access file (JSON) of a new flash, whose token is written to `kept`.

    "" if there is a flash already: the tokens that it knows stay.
    """
    if flash.exists():
        return ""
    token = secret.make_token()
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.unlink(missing_ok=True)
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token + "\n")
    access = Access().with_token(NAME, ROLE, secret.hash_of(token).hex(), int(time.time()))
    return " ".join(access.to_json().split())


class Desk:
    """The two programs while they run.

    kept: the file with the token. Links come after the camera's first `ready URL` and the dashboard's
    `dashboard URL`.
    """

    def __init__(self, kept: Path, camera: Sequence[str], dashboard: Sequence[str]):
        self._kept = kept
        self._url: str | None = None
        self._serves = threading.Event()
        self._dashboard = _start(dashboard)
        self._camera = _start(camera)

    def run(self) -> int:
        """Print what both say until the camera ends; return its exit status."""
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, self._stop)
        threading.Thread(target=self._follow_dashboard, daemon=True).start()
        assert self._camera.stdout is not None
        for line in self._camera.stdout:
            _say(line)
            if self._url is None and line.startswith(_CAMERA):
                self._url = line.removeprefix(_CAMERA).strip()
                _say(self._link(self._url + "/#"))
                self._serves.set()
        self._dashboard.terminate()
        self._dashboard.wait()
        return self._camera.wait()

    def _follow_dashboard(self) -> None:
        self._serves.wait()  # what is said before lies in the pipe
        assert self._dashboard.stdout is not None and self._url is not None
        for line in self._dashboard.stdout:
            _say(line)
            if line.startswith(_DASHBOARD) and self._kept.exists():
                page = line.removeprefix(_DASHBOARD).strip()
                _say(self._link(f"{page}/#camera={quote(self._url, safe='')}&"))

    def _link(self, begun: str) -> str:
        if not self._kept.exists():
            how = f"build/venv/bin/camcors token add NAME --role {ROLE}"
            return f"no token in {self._kept}; to make one: {how}"
        return f"open {begun}token={self._kept.read_text(encoding='ascii').strip()}"

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        self._dashboard.terminate()
        self._camera.terminate()


def _start(command: Sequence[str]) -> subprocess.Popen[str]:
    """Start a program that a Ctrl-C in the terminal does not reach: this one passes it on."""
    ignoring = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace", preexec_fn=ignoring)


def _say(text: str) -> None:
    print(text.rstrip("\n"), flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run what the module's docstring names; return the exit status of the camera."""
    flash, kept, *commands = arguments
    at = commands.index("--")
    camera, dashboard = commands[:at], commands[at + 1 :]
    access = make(Path(flash), Path(kept))
    if access:
        camera += ["--access", access]
    return Desk(Path(kept), camera, dashboard).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
