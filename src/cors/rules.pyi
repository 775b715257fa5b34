from collections.abc import Callable
from typing import Any

from .policy import Policy

REQUEST_METHOD: str

_Entry = tuple[str, str, str]

class Rules:
    values: dict[str, Any]
    rest: dict[str, Any]
    policy: Policy
    any: bool
    match: Callable[[str], bool]
    methods: tuple[str, ...] | None
    headers: frozenset[str] | None
    network: bool
    vary: tuple[str, ...]
    vary_preflight: tuple[str, ...]
    vary_text: str
    vary_preflight_text: str
    ordinary: tuple[_Entry, ...]
    preflight: tuple[_Entry, ...]
    def __init__(
        self, values: dict[str, Any], rest: dict[str, Any], policy: Policy | None = None
    ) -> None: ...
    def watch(self) -> None: ...
    def is_stale(self) -> bool: ...
    def put_requested(
        self, request: Any, method: str, headers: dict[str, Any], keymap: dict[str, str] | None
    ) -> None: ...
    def allows_method(self, method: str) -> bool: ...
    def refused_header(self, text: str) -> str | None: ...
    def explain(
        self,
        request: Any,
        origin: str,
        allowed: str | None,
        headers: dict[str, Any],
        keymap: dict[str, str] | None,
    ) -> None: ...

def is_preflight(request: Any) -> bool: ...
def put(
    headers: dict[str, Any], keymap: dict[str, str] | None, small: str, name: str, value: str
) -> None: ...
