"""The frozen firmware tells a bootloader that its image is good, once it has answered a request."""

from __future__ import annotations

import httpx
import pytest

from tests.kit.camera import Camera

# A board's Partition, in the place of the one of the camera on your desk.
_SLOTS = """
import sys
from camcors.log import log
class Partition:
    def mark_app_valid_cancel_rollback():
        log.say('marked')
        {}
class esp32: pass
esp32.Partition = Partition
sys.modules['esp32'] = esp32
"""
_SLOW = """
import asyncio
from camcors import app
@app.get('/slow')
async def slow(request):
    await asyncio.sleep_ms(2000)  # several times as long as between two looks at the trial
    log.say('answers')
    return 'ok'
"""
_FAULT = "the image cannot be marked as good (OSError(-24577,)): flash it over a cable"


@pytest.mark.parametrize(
    ("outcome", "faults"), [("pass", []), ("raise OSError(-0x6001)", [_FAULT])], ids=["good", "flash fails"]
)
def test_the_image_is_marked_after_the_first_answer(
    new_camera: Camera, outcome: str, faults: list[str]
) -> None:
    new_camera.exec(_SLOTS.format(outcome))
    assert "marked" not in new_camera.drain()
    assert httpx.get(f"{new_camera.url}/nothing-here").status_code == 404
    new_camera.wait_for("marked")
    if faults:
        new_camera.wait_for(faults[0])
    assert new_camera.status()["faults"] == faults


def test_a_request_that_is_only_read_is_not_enough(new_camera: Camera) -> None:
    new_camera.exec(_SLOTS.format("pass") + _SLOW)
    assert httpx.get(f"{new_camera.url}/slow").status_code == 200
    new_camera.wait_for("marked")
    assert [line for line in new_camera.lines if line in ("answers", "marked")] == ["answers", "marked"]
