from typing import Final

from strict.fault import Fault

from .roles import Token

FILE_MAX: int
TOKENS_MAX: int
NAME_MAX: int
CREATED_MAX: int
EXAMPLE: str
SENTENCES: Final[dict[str, tuple[str, str]]]

class Check:
    def __init__(self, faults: list[Fault]) -> None: ...
    def read(self, given: dict[str, object]) -> tuple[tuple[Token, ...], str | None]: ...
