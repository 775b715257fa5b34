"""The camera's standby, from the file that sets it to the next picture."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import httpx

from tests.kit.camera import Camera, streaming
from tests.kit.small_board import needs_card


def rests(camera: Camera) -> bool:
    return camera.status()["camera"]["standby"]


def wait(is_so: Callable[[], bool]) -> bool:
    """Return whether it is so within 20 s."""
    end = time.monotonic() + 20
    while not (found := is_so()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def picture(camera: Camera) -> httpx.Response:
    answer = httpx.get(camera.url + "/api/capture")
    assert answer.status_code == 200
    assert answer.content[:2] == b"\xff\xd8"
    return answer


def put(camera: Camera, **values: object) -> dict[str, object]:
    answer = httpx.put(camera.url + "/api/camera", json=values)
    assert answer.status_code == 200
    return answer.json()


@needs_card
def test_standby(new_camera: Camera) -> None:
    camera = new_camera
    assert httpx.get(camera.url + "/api/camera").json()["standby_s"] == 60
    camera.put("camera.json", json.dumps({"camera": {"standby_s": 1}}))
    camera.reset()
    assert camera.wait_ready().status()["faults"] == []
    sharp = picture(camera)
    assert not rests(camera)
    assert wait(lambda: rests(camera))

    # What is set meanwhile is in force with the next picture, which is a new one.
    assert put(camera, quality=5)["quality"] == 5
    assert rests(camera)
    frames = camera.status()["frames"]["captured"]
    coarse = picture(camera)
    assert not rests(camera)
    assert len(coarse.content) < len(sharp.content) / 2
    assert int(coarse.headers["X-Frame-Id"]) == frames + 1
    assert camera.status()["camera"]["error"] is None

    with streaming(camera) as seen:
        begun_s = camera.status()["uptime_s"]

        def is_over() -> bool:
            status = camera.status()
            assert not status["camera"]["standby"]
            return status["uptime_s"] >= begun_s + 3  # three times as long as it waits

        assert wait(is_over)
        assert len(seen) > 3
    assert wait(lambda: rests(camera))
