"""A camera in set-up mode: tests/firmware/camcors_esp32/setup_device.py in a process of its own."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlencode

from .camera import PROGRAM, TOP, free_port

SCRIPT = TOP / "tests/firmware/camcors_esp32/setup_device.py"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Device:
    """The camera in set-up mode; `lines` is what it has printed."""

    def __init__(self, python: str, folder: Path, *options: str):
        self.folder = folder
        self.settings = folder / "camera.json"
        self.access = folder / "access.json"
        self.port = free_port()
        self.dns_port = free_port()
        self.own = f"http://127.0.0.1:{self.port}"
        command = [str(PROGRAM)] if python == "micropython" else [sys.executable, "-u"]
        arguments = (str(self.port), str(folder), str(self.dns_port), *options)
        path = os.pathsep.join(str(TOP / part) for part in ("src", "firmware", "build/generated"))
        self.process = subprocess.Popen(
            [*command, str(SCRIPT), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        self.lines: list[str] = []
        self.restarted = threading.Event()
        self.ready = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        assert self.ready.wait(20)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if line == "ready\n":
                self.ready.set()
            if line == "restart\n":
                self.restarted.set()

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            headers = {name: ", ".join(answer.headers.get_all(name, [])) for name in answer.headers}
            return answer.status, headers, answer.read().decode()
        finally:
            connection.close()

    def send(self, **fields: str) -> tuple[int, dict[str, str], str]:
        """The form as the camera's own page sends it."""
        return self.request("POST", "/", urlencode(fields).encode(), {**FORM, "Origin": self.own})

    def finish(self) -> tuple[int, dict[str, str], str]:
        """Say, as the page with the token does, that it is written down."""
        return self.send(written="yes")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
