from typing import Final

VIEW: Final[str]
CONTROL: Final[str]
ADMIN: Final[str]
ROLES: Final[tuple[str, ...]]
PUBLIC: Final[str]

def includes(role: str | None, needed: str) -> bool: ...
def needed(method: str, path: str) -> str: ...
