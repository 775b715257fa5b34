from collections.abc import Callable
from typing import Any

from access.lock import Verdict
from microdot import Microdot, Request

from .drivers import Camera
from .http.server import Server
from .stream import Frames

def attach(
    app: Microdot,
    camera: Camera,
    frames: Frames,
    server: Server,
    status: Callable[[str | None], dict[str, Any]],
    verdict: Callable[[Request], Verdict],
) -> None: ...
