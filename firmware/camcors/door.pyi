from collections.abc import Callable
from typing import Any, Final, Protocol

from access.lock import Lock, Verdict
from cors import CORS
from cors.guard import Guard
from microdot import Microdot, Request, Response

UNJUDGED: Final[Verdict]
marks: list[tuple[Callable[..., Any], str]]

class _Keeper(Protocol):
    lock: Lock
    def uptime_s(self) -> int: ...

class Door:
    guard: Guard | None
    keeper: _Keeper
    def __init__(self, app: Microdot, cors: CORS, keeper: _Keeper) -> None: ...
    def attach(self) -> None: ...
    def judge(self, request: Request) -> Verdict: ...
    def verdict(self, request: Request) -> Verdict: ...
    async def refuse(self, request: Request, verdict: Verdict) -> Response: ...
