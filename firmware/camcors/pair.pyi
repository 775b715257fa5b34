from typing import Any

_Reading = bytes | int | None
_Time = tuple[int, int, int, int, int, int]

def take(
    cert_path: str, key_path: str, found: tuple[_Reading, _Reading]
) -> tuple[Any, _Time | None, str | None, str | None]: ...
