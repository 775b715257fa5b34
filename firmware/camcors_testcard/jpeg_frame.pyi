from collections.abc import Sequence

class FrameBuffer:
    def __init__(
        self, header: bytes, still: Sequence[bytes], room: int, moving: int, vflip: bool
    ) -> None: ...
    def join(self, rows: Sequence[bytes]) -> memoryview: ...
