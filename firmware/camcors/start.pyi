from .shutdown import Shutdown
from .state import State

state: State
shutdown: Shutdown

def boot() -> None: ...
def stop() -> None: ...
