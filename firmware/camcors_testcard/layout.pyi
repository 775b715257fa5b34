def bounce(number: int, span: int) -> int: ...

class Layout:
    columns: int
    rows: int
    unit: int
    text_scale: int
    panel: int
    moving_rows: int
    detail: int
    ramp: int
    rings: int
    title: tuple[int, int]
    info: list[tuple[int, int]]
    symbol: int
    lamp: tuple[int, int]
    field: int
    field_top: int
    field_rows: int
    field_columns: int
    def __init__(self, width: int, height: int) -> None: ...
    def ball(self, number: int) -> tuple[int, int]: ...
