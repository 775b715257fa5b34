"""The heap that the camera has in use, for those who look for leaks."""

from __future__ import annotations

from tests.kit.camera import Camera

HEAP_SLACK = 4096  # bytes; a leak of one byte for each forty requests is more in a whole soak
_USED = "import gc; gc.collect(); print(gc.mem_alloc())"


def camera_heap(camera: Camera) -> int:
    """Bytes in use after a collection.

    The least of some, since a stale word on a stack may keep a dead buffer through one of them.
    """
    return min(int(camera.exec(_USED)) for _ in range(4))
