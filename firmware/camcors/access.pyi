from collections.abc import Callable
from typing import Any, TypeVar

_Handler = TypeVar("_Handler", bound=Callable[..., Any])

def public(handler: _Handler) -> _Handler: ...
def needs(role: str) -> Callable[[_Handler], _Handler]: ...
