"""Whether the cameras that the dashboard offers let its page in: said once, beside its address."""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Callable

from ..browser.examination import examine
from ..browser.verdict import Question

_WAIT_S = 60.0  # `make run` starts camera and dashboard together
_PAUSE_S = 1.0


def start(page: str, cameras: list[str], repl: str | None, say: Callable[[str], None]) -> None:
    """Look at each camera in a thread of its own, once it answers."""
    port = repl if len(cameras) == 1 else None
    for camera in cameras:
        threading.Thread(target=_look, args=(page, camera, port, say), daemon=True).start()


def _look(page: str, camera: str, repl: str | None, say: Callable[[str], None]) -> None:
    end = time.monotonic() + _WAIT_S
    while time.monotonic() < end:
        try:
            found = examine(Question(page, f"{camera.rstrip('/')}/api/status"))
        except ValueError:
            return  # not an address; the page says so when it is added
        if not found.unreachable:
            line = blocked_line(page, camera, found.commands, repl)
            if found.code == "NO_ALLOW_ORIGIN" and line:
                say(line)
            return
        time.sleep(_PAUSE_S)


def blocked_line(page: str, camera: str, commands: list[str], repl: str | None) -> str:
    """Return the line for a camera whose policy does not list `page`; "" if no command changes that."""
    port = f" --port {shlex.quote(repl)}" if repl else ""
    return f"{camera} does not allow {page}; let it in: {commands[0]}{port}" if commands else ""
