from collections.abc import Callable
from typing import Literal

from strict.fault import Fault as Fault
from strict.fault import PolicyError as PolicyError

from .origin import Matcher

_Resource = Literal["same-origin", "same-site", "cross-origin"]
_Strings = list[str] | tuple[str, ...]

class Policy:
    version: int
    allowed_origins: tuple[str, ...] | Literal["*"]
    allow_credentials: bool
    allowed_methods: tuple[str, ...] | None
    allowed_headers: tuple[str, ...] | None
    expose_headers: tuple[str, ...] | None
    max_age: int | None
    allow_private_network: bool
    resource_policy: _Resource
    allowed_hosts: tuple[str, ...] | None
    block_cross_origin_writes: bool
    warnings: tuple[Fault, ...]
    digest: str
    matcher: Matcher
    def __init__(
        self,
        *,
        version: int = ...,
        allowed_origins: _Strings | Literal["*"] = ...,
        allow_credentials: bool = ...,
        allowed_methods: _Strings | None = ...,
        allowed_headers: _Strings | None = ...,
        expose_headers: _Strings | None = ...,
        max_age: int | None = ...,
        allow_private_network: bool = ...,
        resource_policy: _Resource = ...,
        allowed_hosts: _Strings | None = ...,
        block_cross_origin_writes: bool = ...,
    ) -> None: ...
    @classmethod
    def from_json(
        cls, text: str | bytes | bytearray | memoryview, is_public_suffix: Callable[[str], bool] | None = ...
    ) -> Policy: ...
    def matches(self, origin: str) -> bool: ...
    def to_json(self) -> str: ...
