"""A folder with the files of a Store (flash/store.py), and a Store on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


class StoreFiles:
    """make: the Store's class. names: of the watched file, its copies and the record, as `make` takes their
    paths."""

    def __init__(self, folder: Path, make: Callable[..., Any], *names: str):
        self.folder = folder
        self.paths = [folder / name for name in names]
        self.file = self.paths[0]
        self._make = make
        self.store = self.boot()

    def boot(self) -> Any:
        self.store = self.another()
        self.store.load()
        return self.store

    def another(self) -> Any:
        """As a person's on the REPL."""
        return self._make(*map(str, self.paths))
