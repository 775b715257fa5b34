"""What one request costs the whole camera: its real endpoints with its guards, counted by callgrind, with its
heap as it boots and with one of about 2 MB."""

from __future__ import annotations

import contextlib
import json
import subprocess
from pathlib import Path
from typing import Any

from tests.bench.chrome import HEADERS
from tests.bench.instruments import parse_callgrind, under_callgrind
from tests.bench.report import Figure, Goal
from tests.bench.serving import Client
from tests.kit.camera import Camera
from tests.kit.pages import wait_until

PATHS = ("/api/camera", "/api/status", "/api/capture", "/")
#: What the others are compared with: an answer of about the same size that asks nobody else.
BASE = PATHS[0]
#: The Python heap by its name: bytes that are held beside what the camera has.
BALLAST = {"as it boots": 0, "of 2 MB": 1_500_000}
REQUESTS = 20
GOALS = {"/api/status": Goal(1.3, True, True)}

_POLICY = {"version": 1, "allowed_origins": [dict(HEADERS)["Origin"]]}
_IN_FORCE = "from camcors import cors\nprint(len(cors.policy.allowed_origins))"
_HOLD = "import gc\nballast = [bytearray(50000) for _ in range({})]\ngc.collect()\ngc.disable()"
_LET_GO = "ballast = None\ngc.enable()"


class Counted:
    """A camera under callgrind; `out` is the file that it would write at its end."""

    def __init__(self, camera: Camera, out: Path):
        self._camera = camera
        self._out = out

    def instructions(self, path: str, keep_alive: bool, ballast: int) -> float:
        """Instructions of one request and its answer, without garbage collection; `ballast` is in bytes."""
        self._camera.exec(_HOLD.format(ballast // 50000))
        try:
            return self._count(path, keep_alive)
        finally:
            self._camera.exec(_LET_GO)

    def _count(self, path: str, keep_alive: bool) -> float:
        with contextlib.closing(Client(self._camera.port, keep_alive)) as client:
            client.get(path)
            self._dump()
            for _ in range(REQUESTS):
                client.get(path)
            return parse_callgrind(self._dump()) / REQUESTS

    def _dump(self) -> str:
        """What was counted since the last call."""
        subprocess.run(
            ["callgrind_control", "--dump", str(self._camera.process.pid)], capture_output=True, check=True
        )
        written = max(self._out.parent.glob(f"{self._out.name}.*"), key=lambda file: int(file.suffix[1:]))
        return written.read_text()


def measure(folder: Path) -> dict[str, Any]:
    """Instructions of a request, by the heap, the path, and whether the connection is kept."""
    out = folder / "counts"
    found: dict[str, Any] = {}
    with Camera(folder / "endpoints.bin", before=under_callgrind(out)) as camera:
        camera.wait_for("ready", 60)
        camera.put("policy.json", json.dumps(_POLICY))
        wait_until(lambda: camera.exec(_IN_FORCE) == "1\n")
        counted = Counted(camera, out)
        for words, size in BALLAST.items():
            found[words] = {
                path: {mode: counted.instructions(path, mode == "kept", size) for mode in ("new", "kept")}
                for path in PATHS
            }
    return found


def figures(raw: dict[str, Any]) -> list[Figure]:
    """Each endpoint against BASE."""
    return [
        Figure(
            f"{path}, {mode}, a heap {words}", "10⁶", value / 1e6, costs[BASE][mode] / 1e6, GOALS.get(path)
        )
        for words, costs in raw["endpoints"].items()
        for path, modes in costs.items()
        if path != BASE
        for mode, value in modes.items()
    ]
