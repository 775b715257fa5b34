from typing import Literal

from microdot import Microdot, Request

from .policy import Policy

_Strings = list[str] | tuple[str, ...]

class CORS:
    debug: bool
    allowed_origins: _Strings | Literal["*"] | None
    allow_credentials: bool
    allowed_methods: _Strings | None
    expose_headers: _Strings | None
    allowed_headers: _Strings | None
    max_age: int | None
    allow_private_network: bool
    def __init__(
        self,
        app: Microdot | None = None,
        allowed_origins: _Strings | Literal["*"] | None = None,
        allow_credentials: bool = False,
        allowed_methods: _Strings | None = None,
        expose_headers: _Strings | None = None,
        allowed_headers: _Strings | None = None,
        max_age: int | None = None,
        handle_cors: bool = True,
    ) -> None: ...
    @property
    def policy(self) -> Policy: ...
    @policy.setter
    def policy(self, policy: Policy) -> None: ...
    def vary_by_referer(self) -> None: ...
    def initialize(self, app: Microdot, handle_cors: bool = True) -> None: ...
    def get_cors_headers(self, request: Request) -> dict[str, str]: ...
