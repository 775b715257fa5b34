class Shutdown:
    is_asked: bool
    has_ended: bool
    def __init__(self) -> None: ...
    def wait(self, wait_ms: int = ...) -> bool: ...

shutdown: Shutdown
