"""A part is exactly what a viewer reads, whatever the numbers in its head."""

from __future__ import annotations

import itertools
from array import array

import pytest

from camcors import part as part_module
from camcors.part import Part

JPEG = b"\xff\xd8picture\xff\xd9"


@pytest.mark.parametrize("size", [4, 9, 10, 99, 100, 12345, 4096, 1048576])
@pytest.mark.parametrize(
    ("number", "time_ms", "stamp"),
    [
        (1, 0, b"0.000"),
        (9, 7, b"0.007"),
        (10, 70, b"0.070"),
        (100, 999, b"0.999"),
        (12345678901, 1000, b"1.000"),
        (10**20 - 1, 10**20 - 1, b"99999999999999999.999"),
    ],
)
def test_part(size: int, number: int, time_ms: int, stamp: bytes) -> None:
    jpeg = bytes(k % 251 for k in range(size))
    part = Part()
    part.fill(number, time_ms, jpeg)
    head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\nX-Frame-Id: %d\r\nX-Timestamp: %b"
    assert bytes(view_of(part)) == head % (size, number, stamp) + b"\r\n\r\n" + jpeg + b"\r\n"
    assert part.number == number


def view_of(part: Part) -> memoryview:
    assert part.view is not None
    return part.view


def test_part_is_used_again() -> None:
    """A shorter picture after a longer one leaves nothing of it; only a longer one moves the buffer."""
    part = Part()
    seen = []
    for jpeg in (JPEG, b"", JPEG * 10, JPEG * 1000, JPEG):
        part.fill(7, 1500, jpeg)
        assert bytes(view_of(part)).partition(b"\r\n\r\n")[2] == jpeg + b"\r\n"
        seen.append(view_of(part).obj)
    assert [one is other for one, other in itertools.pairwise(seen)] == [True, True, False, True]


def test_part_whose_view_does_not_fit_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The heap may be full between the buffer and its view."""
    part = Part()
    part.fill(1, 1, JPEG)

    def fail(buffer: bytearray) -> memoryview:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(part_module, "memoryview", fail, raising=False)
        with pytest.raises(MemoryError):
            part.fill(2, 2, JPEG * 1000)
    for jpeg in (JPEG * 1000, JPEG):
        part.fill(3, 3, jpeg)
        assert bytes(view_of(part)).partition(b"\r\n\r\n")[2] == jpeg + b"\r\n"


def test_part_of_a_signed_view() -> None:
    """As micropython-camera-API hands it out."""
    part = Part()
    part.fill(1, 1, memoryview(array("b", [-1, -40, 0, 127])))
    assert bytes(view_of(part)).endswith(b"\r\n\r\n\xff\xd8\x00\x7f\r\n")
