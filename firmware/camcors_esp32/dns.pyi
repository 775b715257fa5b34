from collections.abc import Sequence

QUERY_MAX: int
REPLY_MAX: int

def answer(query: bytes, address: Sequence[int], reply: bytearray) -> int: ...

class Resolver:
    def __init__(self, address: str) -> None: ...
    def close(self) -> None: ...
