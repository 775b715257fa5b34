from flash import store

from .document import Access

class Store(store.Store[Access]):
    def __init__(self, path: str = ..., good: str = ..., record: str = ...) -> None: ...
    @property
    def access(self) -> Access: ...
