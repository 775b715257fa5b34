"""/camera.json on the running camera: what editors add, and a fault after settings that were good."""

from __future__ import annotations

import pytest

from tests.kit.camera import Camera

GOOD = '{"name": "porch", "title": "Küche 2", "camera": {"quality": 33}}'
LAST_GOOD = "/camera.json: faulty, so the last good settings count"


def started(camera: Camera, text: str | bytes) -> dict:
    """The status after a start with this file."""
    camera.put("camera.json", text)
    camera.reset()
    return camera.wait_ready().status()


@pytest.mark.parametrize(
    "text",
    [b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace(" ", "\r\n\t").encode().replace(b"che\r\n\t2", b"che 2")],
    ids=["byte order mark", "CRLF and tabs"],
)
def test_what_editors_add_is_read_over(camera: Camera, text: bytes) -> None:
    status = started(camera, text)
    assert (status["name"], status["title"], status["faults"]) == ("porch", "Küche 2", [])
    assert camera.content("camera.good.json") == text


def test_a_fault_leaves_what_ran_until_it_is_corrected(new_camera: Camera) -> None:
    assert started(new_camera, GOOD)["faults"] == []
    fault = "/camera.json: line 1, column 17: not JSON; remove the last comma"
    status = started(new_camera, '{"name": "garage",}'.replace("garage", "shed2"))
    assert (status["name"], status["title"]) == ("porch", "Küche 2")
    assert status["faults"] == [LAST_GOOD, fault]
    said = [line for line in new_camera.drain() if line.startswith("camcors: ")]
    assert said == ["camcors: " + LAST_GOOD, "camcors: " + fault]
    assert new_camera.content("camera.json") == b'{"name": "shed2",}'
    status = started(new_camera, '{"name": "shed"}')
    assert (status["name"], status["title"], status["faults"]) == ("shed", "shed", [])
    new_camera.exec("import os; os.remove('/camera.json')")
    new_camera.reset()
    assert new_camera.wait_ready().status()["name"] == "camcors"
    assert "camera.good.json" not in new_camera.exec("import os; print(os.listdir('/'))")
