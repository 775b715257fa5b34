from collections.abc import Callable
from typing import Protocol

from microdot import Microdot

class _Point(Protocol):
    networks: list[tuple[str, int]]
    def scan(self) -> None: ...

class SetupPage:
    def __init__(
        self, point: _Point, name: str, path: str, flag: str, restart: Callable[[], object]
    ) -> None: ...
    def attach(self, app: Microdot) -> None: ...
