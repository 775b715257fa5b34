"""Microdot without asyncio, which only its server needs, and which takes 20 ms of a command to import."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands in Microdot for asyncio, and imports it when Microdot first uses it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module("asyncio"), name)


def import_microdot() -> None:
    """Import Microdot. The camera's modules, which import it too, then find it there."""
    is_here = "asyncio" in sys.modules
    if not is_here:
        sys.modules["asyncio"] = _Later("asyncio")
    try:
        importlib.import_module("microdot")
    finally:
        if not is_here:
            del sys.modules["asyncio"]
