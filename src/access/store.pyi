from flash import store

from .lock import InForce

class Store(store.Store[InForce]):
    def __init__(self, path: str = ..., good: str = ..., record: str = ...) -> None: ...
    @property
    def access(self) -> InForce: ...
