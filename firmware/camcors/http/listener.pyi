import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from .transport import Transport

class Listener:
    sockets: None
    def __init__(
        self,
        accept: Callable[[Transport], Coroutine[Any, Any, None]],
        host: str,
        port: int,
        backlog: int,
        make: Callable[..., Transport],
    ) -> None: ...
    def close(self) -> None: ...
    async def wait_closed(self) -> None: ...

async def listen(
    accept: Callable[[Transport], Coroutine[Any, Any, None]],
    host: str,
    port: int,
    backlog: int,
    make: Callable[..., Transport] = ...,
) -> Listener | asyncio.Server: ...
