from collections.abc import Callable, Mapping
from typing import Any

from camcors.drivers import Camera
from microdot import Microdot

class Network:
    name: str
    address: str | None
    def __init__(
        self, settings: Mapping[str, Any], camera: Camera, changed: Callable[[], object]
    ) -> None: ...
    def attach(self, app: Microdot) -> None: ...
    async def start(self) -> None: ...
    def report(self) -> dict[str, str | int | None]: ...
