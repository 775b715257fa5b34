from collections.abc import Callable

from microdot import Microdot

from ..limits import Limits
from .admission import Admission
from .buffers import Buffers
from .connection import Connection
from .handshakes import Handshakes

class Server:
    app: Microdot
    limits: Limits
    accepted: int
    requests: int
    has_answered: bool
    evicted: int
    refused: int
    rejected: int
    timeouts: int
    vanished: int
    faults: int
    takes: Callable[[str], bool]
    buffers: Buffers
    admission: Admission[Connection]
    trusted_proxies: tuple[str, ...] | list[str]
    handshakes: Handshakes | None
    def __init__(
        self, app: Microdot, limits: Limits | None = None, log: Callable[[str], object] = ...
    ) -> None: ...
    @property
    def connections(self) -> int: ...
    def counters(self) -> dict[str, int]: ...
    async def start(self, host: str, port: int) -> None: ...
    async def start_secure(self, host: str, port: int, context: object) -> None: ...
    async def stop(self) -> None: ...
    async def stop_secure(self) -> None: ...
    async def close(self) -> None: ...
    def address(self) -> tuple[str, int] | None: ...
    def fault(self, error: BaseException) -> None: ...
