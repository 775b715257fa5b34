"""What a test does in a page of any engine."""

from __future__ import annotations

import io
from typing import Any, Protocol

from PIL import Image


class Tab(Protocol):
    """One page. A script is the body of an async function, and its value is what JSON can hold."""

    def open(self, url: str) -> None: ...

    def run(self, script: str) -> Any: ...

    def click(self, selector: str) -> None: ...

    def type(self, text: str) -> None:
        """Press the keys of `text` where the focus is; a line's end is Enter."""

    def screenshot(self) -> bytes:
        """Return what the window shows, as PNG."""


def picture(tab: Tab) -> Image.Image:
    return Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
