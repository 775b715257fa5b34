from typing import Final, Protocol

from .document import Access
from .guesses import Guesses
from .roles import Token

class _Headers(Protocol):
    def get(self, name: str, /) -> str | None: ...

class Verdict:
    role: str | None
    token: Token | None
    code: str | None
    words: str | None
    remedy: str | None
    challenge: tuple[str, ...]
    wait_ms: int
    def __init__(self, role: str | None, token: Token | None = ...) -> None: ...

ANYONE: Final[Verdict]

class Lock:
    guesses: Guesses
    def __init__(self, key: bytes) -> None: ...
    @property
    def access(self) -> Access: ...
    @access.setter
    def access(self, access: Access) -> None: ...
    def is_over(self, token: Token | None) -> bool: ...
    def admits(self, needed: str, header: str) -> Verdict | None: ...
    def judge(
        self,
        needed: str,
        method: str,
        path: str,
        query: str | None,
        headers: _Headers,
        origin: int,
        now_s: int,
    ) -> Verdict: ...
    def log_in(self, text: object, headers: _Headers, now_s: int) -> tuple[Verdict, str | None]: ...
    def log_out(self, headers: _Headers) -> None: ...
    def link(self, verdict: Verdict, target: str, for_s: int, now_s: int, role: str = ...) -> str: ...
