from typing import Any, Final, NamedTuple, Protocol

from .roles import Token

class _Headers(Protocol):
    def get(self, name: str, /) -> str | None: ...

class _InForce(NamedTuple):
    tokens: tuple[Token, ...]
    open_role: str | None
    digest: str | None

class InForce(_InForce): ...

LOCKED: Final[InForce]

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
SESSION_TOKEN: Final[int]

class Lock:
    guesses: int
    key: bytes
    known: tuple[tuple[bytes, ...], tuple[Verdict, ...]]
    unknown: Verdict
    sessions: list[list[Any]]
    named: tuple[tuple[Token, ...], dict[str, Token]] | tuple[None, None]
    failed: tuple[int, int]
    def __init__(self, key: bytes) -> None: ...
    @property
    def access(self) -> InForce: ...
    @access.setter
    def access(self, access: InForce) -> None: ...
    def is_over(self, token: Token | None) -> bool: ...
    def admits(self, needed: str, header: str) -> Verdict | None: ...
    def admits_anyone(self, needed: str, query: str | None, headers: _Headers) -> Verdict | None: ...
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

def more(role: str | None, other: str | None) -> str | None: ...
def has_link(query: str | None) -> bool: ...
