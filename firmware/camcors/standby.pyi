from .drivers import Camera
from .stream import Frames

DEFAULT_S: int

def is_due(standby_s: int, idle_ms: int) -> bool: ...

class Standby:
    def __init__(self, camera: Camera, frames: Frames) -> None: ...
    def poll(self) -> None: ...
