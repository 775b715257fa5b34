BOUNDARY: str

class Part:
    users: int
    number: int
    made: int
    view: memoryview | None
    def __init__(self) -> None: ...
    def fill(self, number: int, time_ms: int, jpeg: bytes | memoryview) -> None: ...
