from collections.abc import Callable

from cors.guard import Guard

from .http.server import Server
from .https import Https
from .redirect import Redirect

class Listening:
    def __init__(
        self,
        server: Server,
        https: Https,
        guard: Guard,
        redirect: Redirect,
        fault: Callable[[str], object],
        host: str,
        port: int,
    ) -> None: ...
    @property
    def is_settled(self) -> bool: ...
    async def begin(self) -> None: ...
    def tell(self, address: str) -> None: ...
    async def follow(self) -> None: ...
