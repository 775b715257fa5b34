from collections.abc import Iterator

BARS: tuple[tuple[int, int, int], ...]

def ycbcr(rgb: tuple[int, int, int]) -> tuple[int, int, int]: ...

class TestCard:
    def __init__(
        self,
        width: int,
        height: int,
        quality: int,
        hmirror: bool = False,
        vflip: bool = False,
        brightness: int = 0,
        contrast: int = 0,
    ) -> None: ...
    def frame(self, number: int, elapsed_ms: int, led: int = 0) -> memoryview: ...
    def draw(self, number: int, elapsed_ms: int, led: int = 0) -> Iterator[None]: ...
    def join(self) -> memoryview: ...
