"""What the camera does in the heap of a board without PSRAM, on the program of 32 bits: `make host32`."""

from __future__ import annotations

import io
import json
import os
import re
from typing import Protocol

import pytest
from PIL import Image

#: The heap in bytes that an ESP32 without PSRAM leaves to Python.
HEAP = 113_664
#: The heap of each camera in bytes, which then has words of 32 bits: `make test-small`. Else None.
TEST_HEAP = int(os.environ.get("CAMCORS_TEST_HEAP", 0)) or None
#: Bytes of a picture of QVGA.
PICTURE = 10_240
#: In which heap the test card draws VGA, its default.
_CARD_HEAP = 320 * 1024
needs_card = pytest.mark.needs_heap(_CARD_HEAP, "the test card of VGA is drawn in Python's heap")
needs_large_card = pytest.mark.needs_heap(400 * 1024, "the test card of SVGA is drawn in Python's heap")
#: limits.head_bytes are 8192.
needs_long_head = pytest.mark.needs_heap(136 * 1024, "a head of 9,000 bytes, else refused by 503 no-memory")


def is_for_camera(item: pytest.Item) -> bool:
    """Whether a test runs what `make host` builds, and not only Python on the computer."""
    values = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return "micropython" in values or not {"program", "program32"}.isdisjoint(
        getattr(item, "fixturenames", ())
    )


def skip_without_room(item: pytest.Item) -> None:
    """Skip a test whose mark `needs_heap(bytes, for what)` asks for more heap than there is."""
    for mark in item.iter_markers("needs_heap"):
        size, purpose = mark.args
        if TEST_HEAP and size > TEST_HEAP:
            item.add_marker(pytest.mark.skip(reason=f"needs a heap of {size} bytes: {purpose}"))


class Runs(Protocol):
    """A camera of tests.kit.camera."""

    def exec(self, code: str) -> str: ...


#: Prints what the collector knows of the heap. It makes no names, whose table would lie where there was room.
_ROOM = "__import__('gc').collect()\n__import__('micropython').mem_info()"
_BLOCK = 16  # bytes, of 32 bits


def room(camera: Runs) -> tuple[int, int]:
    """Bytes in use, and those of the largest free block: the best of ten looks. A stale word on a stack may
    keep a dead block, and the REPL's own lie behind what is no longer used and not yet collected."""
    said = [camera.exec(_ROOM) for _ in range(10)]
    used = min(int(re.findall(r"used: (\d+)", text)[0]) for text in said)
    return used, max(_BLOCK * int(re.findall(r"max free sz: (\d+)", text)[0]) for text in said)


_GIVE = """
from camcors.start import state
class Fixed:
    def poll(self): return None
    def capture(self): return self.jpeg
    def release(self): pass
Fixed.jpeg = memoryview({})
state.frames._camera = Fixed()
"""


def give_blank(camera: Runs, size: int = PICTURE) -> None:
    """Have the camera give `size` bytes as each picture, at once, as a sensor's driver does; they lie in its
    heap, as a board's do not."""
    camera.exec(_GIVE.format(f"bytearray({size})"))


def spare_card(camera: Runs) -> None:
    """Where there is no room for the test card, have the camera give one small JPEG as each picture, at once:
    a board's pictures do not lie in Python's heap."""
    if TEST_HEAP and TEST_HEAP < _CARD_HEAP:
        camera.exec(_GIVE.format(_JPEG))


def _jpeg() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (160, 120), "gray").save(data, "JPEG", quality=50)
    return data.getvalue()


_JPEG = _jpeg()


def policy_of_8_kb() -> str:
    """A policy that has the longest text that one may have, and as many origins."""
    origins = [f"https://camera-{i:03}.long-department-name.example-company.org" for i in range(120)]
    text = json.dumps({"version": 1, "allowed_origins": origins})
    assert 7500 < len(text) <= 8192
    return text
