from collections.abc import Mapping
from typing import Any

from strict.fault import Fault

FILE_MAX: int

def defaults() -> dict[str, Any]: ...
def read(
    text: str | bytes, camera: Mapping[str, tuple[str, object]] | None
) -> tuple[dict[str, Any] | None, list[Fault]]: ...
def read_wifi(given: dict[str, Any]) -> tuple[dict[str, str] | None, list[Fault]]: ...
