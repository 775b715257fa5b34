from collections.abc import Callable

_Colour = tuple[int, int, int]
_Layers = tuple[tuple[_Colour, Callable[[int, int, int, int], int]], ...]

PANEL: _Colour
FIELD: _Colour
BALL_LAYERS: _Layers
LAMP_LAYERS: _Layers

def ring_lumas(size: int, row: int, column: int) -> bytearray: ...
def blend(plane: bytearray, at: int, value: int, share: int) -> None: ...
def from_centre(size: int, row: int, column: int, k: int) -> tuple[int, int]: ...
