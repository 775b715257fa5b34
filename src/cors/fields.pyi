from collections.abc import Callable

from strict.fault import Fault

FILE_MAX: int
LIST: str
ORIGIN: str
METHOD: str
REQUEST_HEADER: str
RESPONSE_HEADER: str
HOST: str

_Row = tuple[str, str, object, object, bool]

FIELDS: tuple[_Row, ...]
NAMES: tuple[str, ...]

def is_public_suffix(domain: str) -> bool: ...

class Check:
    faults: list[Fault]
    warnings: list[Fault]
    def __init__(self, credentials: bool, is_public_suffix: Callable[[str], bool]) -> None: ...
    def add(self, field: str, value: object, reason: str, remedy: str) -> None: ...
    def warn(self, field: str, value: object, reason: str, remedy: str) -> None: ...
    def value(self, row: _Row, value: object) -> object: ...
