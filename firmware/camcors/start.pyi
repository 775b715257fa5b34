from cors.guard import Guard

from .drivers import Network
from .shutdown import Shutdown
from .state import State

state: State
guard: Guard | None
shutdown: Shutdown

def boot() -> None: ...
def stop() -> None: ...
def own_hosts(network: Network) -> tuple[str, ...]: ...
