from collections.abc import Mapping
from typing import Any

_Attempt = tuple[int, int]

START: dict[str, str | int]
OTHER: int
ABSENT: int
FULL: int
UNSET: int
SILENT: int
NO_PSRAM: str
STALLED: str

def first_attempt() -> _Attempt: ...
def next_attempt(attempt: _Attempt, failure: int) -> _Attempt | None: ...
def find(start: Mapping[str, str | int], found: _Attempt | None = ...) -> tuple[Any, _Attempt]: ...
def has_one_buffer(attempt: _Attempt) -> bool: ...
def words(exc: Exception, attempt: _Attempt) -> str: ...
