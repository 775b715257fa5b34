from collections.abc import Callable
from typing import Any

from .drivers import Camera, MakeNetwork, Network
from .watchdog import Watchdog

def begin(
    chosen: dict[str, Any],
    make_camera: Callable[[], Camera],
    make_network: MakeNetwork,
    watchdog: Watchdog,
) -> None: ...
def own_hosts(network: Network) -> tuple[str, ...]: ...
