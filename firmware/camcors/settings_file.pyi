from collections.abc import Mapping
from typing import Any

PATH: str

def load(camera: Mapping[str, tuple[str, object]], path: str = ...) -> tuple[dict[str, Any], list[str]]: ...
def save(
    data: bytes,
    camera: Mapping[str, tuple[str, object]] | None,
    path: str = ...,
    before: bytes | int | None = ...,
) -> None: ...
