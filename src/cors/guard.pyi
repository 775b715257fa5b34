from microdot import Microdot, Request

from .middleware import CORS

OWN_SUFFIXES: tuple[str, ...]

def own_names(name: str) -> tuple[str, ...]: ...

class Guard:
    own: tuple[str, ...]
    ports: tuple[tuple[str, int], ...]
    refused_host: str | None
    refused_count: int
    portal: str | None
    def __init__(
        self,
        app: Microdot,
        cors: CORS,
        own: tuple[str, ...] = (),
        ports: tuple[tuple[str, int], ...] = (),
    ) -> None: ...
    def listen(self, ports: tuple[tuple[str, int], ...], is_secure_only: bool) -> None: ...
    @property
    def own_ports(self) -> tuple[tuple[str, int], ...]: ...
    def sender(self, request: Request) -> int: ...
