from _thread import LockType
from collections.abc import Callable
from typing import Any, Generic, Literal, Protocol, TypeVar

from .copies import Copies

class _Said(Protocol):
    digest: str

_T = TypeVar("_T", bound=_Said)

lock: LockType

class Store(Generic[_T]):
    state: Literal["active", "last-good", "missing", "invalid", "damaged"]
    error: str | None
    in_force: _T | None
    def __init__(self, read: Callable[[Any], _T], copies: Copies, missing: str) -> None: ...
    def load(self) -> _T | None: ...
    def poll(self) -> bool: ...
    def wait_ms(self) -> int: ...
    def save(self, text: str | bytes, before: bytes | int | None = ...) -> _T: ...
    def messages(self) -> list[str]: ...
    def status(self) -> dict[str, str | None]: ...
