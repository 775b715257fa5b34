"""How the test card is known by its colours."""

from __future__ import annotations

from typing import Any

from PIL import Image

#: The test card's first two bars, white and yellow, and how far JPEG may lead from them.
BARS = ((255, 255, 255), (191, 191, 0))
_FAR = 24


def bars(image: Image.Image) -> tuple[Any, Any]:
    """The colours where the test card has its first two bars."""
    width, height = image.size
    return image.getpixel((width // 16, height // 8)), image.getpixel((width * 3 // 16, height // 8))


def is_card(colours: Any) -> bool:
    return all(abs(x - y) < _FAR for bar, seen in zip(BARS, colours) for x, y in zip(bar, seen[:3]))
