from typing import Final, NamedTuple

FILE_MAX: Final[int]
TOKENS_MAX: Final[int]
NAME_MAX: Final[int]
CREATED_MAX: Final[int]
SENTENCES: Final[dict[str, tuple[str, str]]]

class _Token(NamedTuple):
    name: str
    role: str
    sha256: bytes
    created_s: int | None

class Token(_Token): ...

class Access:
    tokens: tuple[Token, ...]
    open_role: str | None
    digest: str
    def __init__(self, **fields: object) -> None: ...
    @classmethod
    def from_json(cls, text: str | bytes) -> Access: ...
    def closed(self) -> Access: ...
    def with_token(self, name: str, role: str, sha256: str, created_s: int | None = ...) -> Access: ...
    def without_token(self, name: str) -> Access: ...
    def to_json(self) -> str: ...

LOCKED: Access
