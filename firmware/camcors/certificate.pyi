_Time = tuple[int, int, int, int, int, int]

class Certificate:
    not_before: _Time
    not_after: _Time
    point: bytes
    def __init__(self, der: bytes) -> None: ...

def point_of_key(der: bytes) -> bytes: ...
def text_of(time: _Time) -> str: ...
