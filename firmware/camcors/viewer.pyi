from collections.abc import Awaitable

from access.document import Token

from .stream import Frames

class Viewer:
    fps: int
    token: Token | None
    is_waiting: bool
    is_over: bool
    number: int
    def __init__(self, frames: Frames, fps: int, token: Token | None) -> None: ...
    def enter(self) -> bool: ...
    def next_part(self) -> bytes | memoryview | None: ...
    def until_next(self) -> Awaitable[object]: ...
    def close(self) -> None: ...
