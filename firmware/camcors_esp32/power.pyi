from collections.abc import Mapping
from typing import Any

def bring_up(chip: Mapping[str, Any] | None) -> None: ...
