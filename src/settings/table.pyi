from collections.abc import Iterable

_Row = tuple[str, str, object, object, str, str]

FIELDS: tuple[_Row, ...]
WIFI: tuple[_Row, ...]
TLS: tuple[_Row, ...]
LIMITS: tuple[tuple[str, str, tuple[int, int], int, str, str], ...]

def find(rows: Iterable[_Row], name: str) -> _Row | None: ...
def names(rows: Iterable[_Row]) -> list[str]: ...
def check(kind: str, limit: object, value: object) -> tuple[str, str] | None: ...
