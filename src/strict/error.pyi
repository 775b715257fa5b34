from typing import Final

USE_HTTPS: Final[str]
BAD_REQUEST: Final[str]
BAD_JSON: Final[str]
UNKNOWN_FIELD: Final[str]
BAD_VALUE: Final[str]
NO_TOKEN: Final[str]
WRONG_TOKEN: Final[str]
LINK_ENDED: Final[str]
ROLE_TOO_LOW: Final[str]
FOREIGN_WRITE: Final[str]
FOREIGN_WEBSOCKET: Final[str]
NOT_FOUND: Final[str]
WRONG_METHOD: Final[str]
TIMEOUT: Final[str]
BODY_TOO_LARGE: Final[str]
BAD_EXPECTATION: Final[str]
FOREIGN_HOST: Final[str]
HEAD_TOO_LARGE: Final[str]
INTERNAL: Final[str]
NOT_IMPLEMENTED: Final[str]
BUSY: Final[str]
NO_MEMORY: Final[str]
STREAMS_TAKEN: Final[str]
STREAMS_OFF: Final[str]
NO_PICTURE: Final[str]
NO_SENSOR: Final[str]
NOT_SET: Final[str]
BAD_VERSION: Final[str]
STATUS: tuple[tuple[str, int], ...]

def answer(
    accept: str | None, code: str, words: str, remedy: str | None = None, **more: object
) -> tuple[str, dict[str, str]]: ...
def status_of(code: str) -> int: ...
def wants_text(accept: str | None) -> bool: ...
def weights(accept: str) -> dict[str, int]: ...
