from collections.abc import Callable
from typing import Any, ClassVar

from flash import store

from .policy import Policy

class Store(store.Store[Policy]):
    read: Callable[[Any], Policy]
    copies: ClassVar[str]
    missing: ClassVar[str]
    def __init__(self, path: str = ..., good: str = ..., previous: str = ..., record: str = ...) -> None: ...
    @property
    def policy(self) -> Policy | None: ...
    def before(self, digest: str | None) -> tuple[str | None, str | None]: ...
