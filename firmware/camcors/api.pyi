from collections.abc import Callable
from typing import Any

from microdot import Microdot, Request

from .drivers import Camera
from .http.server import Server
from .stream import Frames

def attach(
    app: Microdot,
    camera: Camera,
    frames: Frames,
    server: Server,
    status: Callable[[Request], dict[str, Any]],
) -> None: ...
