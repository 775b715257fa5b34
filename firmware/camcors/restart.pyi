from collections.abc import Mapping

POWER_ON: str
RESET: str
SOFT_RESET: str
DEEP_SLEEP: str
WATCHDOG: str
SERVER_ENDED: str
UNKNOWN: str
CAUSES: tuple[str, ...]

def why() -> Mapping[str, str | None]: ...
def judge(cause: str, noted: Mapping[str, str] | None) -> Mapping[str, str | None]: ...
def note_server_ended(reason: str) -> None: ...
def note_cut_off() -> None: ...
