from typing import ClassVar

from flash import store

from .lock import InForce

class Store(store.Store[InForce]):
    copies: ClassVar[str]
    missing: ClassVar[str]
    @staticmethod
    def read(text: str | bytes) -> InForce: ...
    def __init__(self, path: str = ..., good: str = ..., record: str = ...) -> None: ...
    @property
    def access(self) -> InForce: ...
