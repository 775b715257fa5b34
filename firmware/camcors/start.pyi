from typing import Any

from cors.guard import Guard

from .state import State

state: State
guard: Guard | None

def boot() -> None: ...
def own_hosts(network: Any) -> tuple[str, ...]: ...
