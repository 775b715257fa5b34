from collections.abc import Iterable
from typing import NamedTuple

WHITESPACE: str
NO_SCHEME: str
BAD_SCHEME: str
APP_SCHEME: str
UPPER_CASE: str
NOT_ASCII: str
USERINFO: str
NO_HOST: str
BAD_HOST: str
BAD_CHARACTER: str
TRAILING_DOT: str
BAD_IPV4: str
BAD_IPV6: str
LONG_IPV6: str
TOO_LONG: str
BAD_WILDCARD: str
BAD_PORT: str
DEFAULT_PORT: str
TRAILING_SLASH: str
PATH: str
NOT_ALONE: str
STAR_CREDENTIALS: str
NULL_CREDENTIALS: str
NULL_ORIGIN: str
HTTP_CREDENTIALS: str
PUBLIC_SUFFIX: str
NOT_A_TOKEN: str
FORBIDDEN_METHOD: str
METHOD_CASE: str
FORBIDDEN_HEADER: str
HIDDEN_HEADER: str
UNKNOWN_KEY: str
MISSING: str
WRONG_TYPE: str
NOT_A_LIST: str
OUT_OF_RANGE: str
NOT_A_CHOICE: str
DUPLICATE: str
CONTROL: str
BAD_NAME: str
BAD_SSID: str
BAD_PASSWORD: str
BAD_TOKEN_NAME: str
BAD_HASH: str
NOT_THE_SENTENCE: str
NOT_BOTH: str
TOO_MANY: str
TOO_LARGE: str
NOT_UTF8: str
NOT_JSON: str
TOO_DEEP: str
DUPLICATE_KEY: str
REASONS: tuple[str, ...]
HIDDEN: object

class _Fault(NamedTuple):
    field: str
    value: object
    reason: str
    remedy: str

class Fault(_Fault): ...

class DocumentError(ValueError):
    faults: tuple[Fault, ...]
    def __init__(self, faults: Iterable[Fault]) -> None: ...

class PolicyError(DocumentError): ...
class AccessError(DocumentError): ...

def lines(faults: Iterable[Fault]) -> str: ...
def show(value: object) -> str: ...
def nearest(word: str, words: Iterable[str]) -> str | None: ...
