from collections.abc import Awaitable, Callable
from typing import Any

from .transport import Transport

class Listener:
    sockets: list[Any] | None
    def __init__(
        self, accept: Callable[[Transport], Awaitable[None]], host: str, port: int, backlog: int
    ) -> None: ...
    def close(self) -> None: ...
    async def wait_closed(self) -> None: ...

async def listen(
    accept: Callable[[Transport], Awaitable[None]], host: str, port: int, backlog: int
) -> Listener: ...
