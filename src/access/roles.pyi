from typing import Final, NamedTuple

VIEW: Final[str]
CONTROL: Final[str]
ADMIN: Final[str]
ROLES: Final[tuple[str, ...]]
PUBLIC: Final[str]
TOKEN_FIELDS: Final[tuple[str, ...]]

class _Token(NamedTuple):
    name: str
    role: str
    sha256: bytes
    created_s: int | None

class Token(_Token): ...

def includes(role: str | None, needed: str) -> bool: ...
def needed(method: str, path: str) -> str: ...
