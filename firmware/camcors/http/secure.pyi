from collections.abc import Callable
from typing import Any

from .handshakes import Worker
from .transport import Transport

is_possible: bool

class SecureTransport(Transport):
    is_secure: bool
    slice_bytes: int
    is_abandoned: bool
    # MicroPython's; on CPython there is none.
    def __init__(self, socket: Any, address: Any) -> None: ...
    async def speaks_tls(self) -> bool: ...
    def wrap(self, context: Any) -> None: ...
    async def shake(self, worker: Worker, note_news: Callable[[], object]) -> None: ...
    def step(self) -> None: ...

def is_ours(error: Exception) -> bool: ...
