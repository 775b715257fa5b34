"""What a viewer on a slow network sees."""

from __future__ import annotations

import pytest

from tests.kit.camera import Camera
from tests.kit.slow_viewer import RECEIVE_BUFFER, picture_ages

RATE = 300_000  # bytes a second, a third of what the camera could send


@pytest.mark.parametrize("receive_buffer", [RECEIVE_BUFFER, None])
def test_pictures_are_young(camera: Camera, receive_buffer: int | None) -> None:
    """With the system's own choice of a send buffer they would be 3 s old by then, and 13 s in the end."""
    ages = picture_ages(camera.port, RATE, 5, receive_buffer)
    assert len(ages) > 10
    assert max(ages) < 1
