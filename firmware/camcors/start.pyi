from cors.guard import Guard

from .drivers import Network
from .state import State

state: State
guard: Guard | None

def boot() -> None: ...
def own_hosts(network: Network) -> tuple[str, ...]: ...
