"""The camera's endpoints: settings, lamp, capture, status, page."""

from __future__ import annotations

import json

import pytest

from tests.kit.pages import wait_until
from tests.kit.server import Server, Start

RANGES = {
    "frame_size": {"values": ["QVGA", "VGA"]},
    "quality": {"min": 1, "max": 100},
    "hmirror": {"values": [False, True]},
    "stubborn": {"min": 0, "max": 9},
}
FIRST = {"frame_size": "VGA", "quality": 80, "hmirror": False, "stubborn": 0}
FIELDS = "frame_size, hmirror, quality, stubborn"


@pytest.fixture(autouse=True)
def first_settings(server: Server) -> None:
    assert server.request("PUT", "/api/camera", FIRST)[0] == 200
    assert server.request("PUT", "/api/led", {"level": 0})[0] == 200


def settings(server: Server) -> object:
    status, headers, body = server.request("GET", "/api/camera")
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    found = json.loads(body)
    assert found.pop("ranges") == RANGES
    return found


def test_get_camera(server: Server) -> None:
    assert settings(server) == FIRST


@pytest.mark.parametrize(
    "changes",
    [{}, {"quality": 1}, {"quality": 100, "hmirror": True}, {"frame_size": "QVGA"}],
)
def test_put_camera(server: Server, changes: dict[str, object]) -> None:
    status, headers, body = server.request("PUT", "/api/camera", changes)
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert json.loads(body) == {**FIRST, **changes}
    assert settings(server) == {**FIRST, **changes}


PLAIN = "write an object of plain values and lists"
QUALITY = "quality must be a whole number from 1 to 100"

# (body, error and remedy, field, value, range); the last three are None where the answer has none
BAD = [
    ({"quality": 0}, QUALITY, "quality", 0, RANGES["quality"]),
    ({"quality": 101}, QUALITY, "quality", 101, RANGES["quality"]),
    ({"quality": 1.5}, QUALITY, "quality", 1.5, RANGES["quality"]),
    ({"quality": True}, QUALITY, "quality", True, RANGES["quality"]),
    ({"quality": "9"}, QUALITY, "quality", "9", RANGES["quality"]),
    ({"quality": [1]}, QUALITY, "quality", None, RANGES["quality"]),
    ({"hmirror": 1}, "hmirror must be true or false", "hmirror", 1, RANGES["hmirror"]),
    (
        {"frame_size": "x" * 200},
        'frame_size must be one of "QVGA", "VGA"',
        "frame_size",
        "x" * 64,
        RANGES["frame_size"],
    ),
    (
        {"quality": 9, "sharpness": 1},
        "no such field; write one of " + FIELDS,
        "sharpness",
        None,
        {"values": FIELDS.split(", ")},
    ),
    ([1], 'not an object; write one, such as {"quality": 80}', None, None, None),
    (b"", "line 1, column 1: not JSON; write the missing value", None, None, None),
    *[
        (body, error, None, None, None)
        for body, error in (
            (b'{"quality" 80}', "line 1, column 12: not JSON; write a colon after the key"),
            (b'{"quality": 80} x', "line 1, column 17: not JSON; end the file after the object"),
            (b'{"quality": "\xff"}', "line 1, column 14: not UTF-8; save the file as UTF-8"),
            (b'{"a":1,"a":2,"a":3,}', "line 1, column 8: key given twice; keep one of the two"),
            (b"[" * 2000, "line 1, column 9: nested too deeply; " + PLAIN),
        )
    ],
]


@pytest.mark.parametrize(("body", "error", "field", "value", "allowed"), BAD)
def test_bad_put_changes_nothing(
    server: Server, body: object, error: str, field: object, value: object, allowed: object
) -> None:
    status, headers, answer = server.request("PUT", "/api/camera", body)
    words, _, remedy = error.partition("; ")
    expected = {"error": words, "code": "bad-value", "field": field, "value": value, "range": allowed}
    if field is None:
        expected = {"error": words, "code": "bad-json", "remedy": remedy}
    elif field == "sharpness":
        del expected["value"]
        expected.update(code="unknown-field", remedy=remedy)
    assert (status, json.loads(answer)) == (400, expected)
    assert headers["Content-Type"] == "application/json; charset=UTF-8"
    assert settings(server) == FIRST


@pytest.mark.parametrize("path", ["/api/camera", "/api/led"])
def test_a_body_of_more_than_2_kb_is_not_read(server: Server, path: str) -> None:
    """Nor is one of which the connection layer has refused the length already."""
    error = "the body is longer than 2048 bytes, the most that paths of the camera take"
    for size in (2049, 16384, 16385):
        status, _, answer = server.request("PUT", path, b'{"a":1,"a":2}'.ljust(size))
        assert (status, json.loads(answer)) == (413, {"error": error, "code": "body-too-large"})
    assert server.request("PUT", path, b'{"a":1,"a":2}'.ljust(2048))[0] == 400
    assert settings(server) == FIRST


def test_a_lower_limit_of_the_person_wins(start: Start) -> None:
    error = "the body is longer than 300 bytes, limits.body_bytes of /camera.json"
    server = start(body_bytes=300)
    status, _, answer = server.request("PUT", "/api/led", b"{}".ljust(301))
    assert (status, json.loads(answer)) == (413, {"error": error, "code": "body-too-large"})


def test_camera_that_refuses_keeps_all_of_the_old(server: Server) -> None:
    changes = {"quality": 9, "stubborn": 5}
    status, _, body = server.request("PUT", "/api/camera", changes)
    assert status == 503
    assert json.loads(body) == {
        "error": "the camera did not take stubborn; nothing was changed",
        "code": "not-set",
        "field": "stubborn",
    }
    assert settings(server) == FIRST


@pytest.mark.parametrize("level", [0, 1, 100])
def test_led(server: Server, level: int) -> None:
    status, _, body = server.request("PUT", "/api/led", {"level": level})
    assert (status, json.loads(body)) == (200, {"level": level})
    assert json.loads(server.request("GET", "/api/status")[2])["camera"]["led"] == level


@pytest.mark.parametrize("body", [{"level": 101}, {"level": -1}, {"level": True}, {"level": "1"}, {}])
def test_bad_led(server: Server, body: dict[str, object]) -> None:
    status, _, answer = server.request("PUT", "/api/led", body)
    assert status == 400
    assert json.loads(answer) == {
        "error": "level must be a whole number from 0 (off) to 100",
        "code": "bad-value",
        "field": "level",
        "value": body.get("level"),
        "range": {"min": 0, "max": 100},
    }


def test_unknown_led_field(server: Server) -> None:
    status, _, answer = server.request("PUT", "/api/led", {"on": True})
    assert status == 400
    assert json.loads(answer) == {
        "error": "no such field",
        "code": "unknown-field",
        "field": "on",
        "remedy": "write one of level",
        "range": {"values": ["level"]},
    }


def test_capture(server: Server) -> None:
    before = server.probe()
    status, headers, jpeg = server.request("GET", "/api/capture")
    assert status == 200
    assert (jpeg[:2], jpeg[-2:], len(jpeg)) == (b"\xff\xd8", b"\xff\xd9", 2000)
    stamp = headers.pop("X-Timestamp")
    assert stamp == f"{float(stamp):.3f}"
    assert headers == {
        "Content-Type": "image/jpeg",
        "Cache-Control": "no-store",
        "X-Frame-Id": str(before["frames"] + 1),
        "Content-Length": "2000",
    }


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("none", "the camera gave no picture in time"), ("error", "the camera reports OSError(116,)")],
)
def test_failing_capture(server: Server, mode: str, reason: str) -> None:
    server.set_camera(mode=mode)
    status, headers, body = server.request("GET", "/api/capture")
    assert (status, headers["Retry-After"]) == (503, "5")
    reason = reason.replace("(116,)", "(116)") if b"(116)" in body else reason
    remedy = "try again, and see /api/status if it stays"
    assert json.loads(body) == {"error": reason, "code": "no-picture", "remedy": remedy}
    assert json.loads(server.request("GET", "/api/status")[2])["camera"]["error"] == reason
    server.set_camera(mode="good")
    assert server.request("GET", "/api/capture")[0] == 200
    assert json.loads(server.request("GET", "/api/status")[2])["camera"]["error"] is None


def connections(server: Server) -> int:
    return int(json.loads(server.request("GET", "/api/status")[2])["clients"]["connections"])


def test_status(server: Server) -> None:
    status, headers, body = server.request("GET", "/api/status")
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    report = json.loads(body)
    counters = report["clients"]
    assert report == {
        "uptime_s": 1,
        "camera": {"name": "fake", "led": 0, "standby": False, "error": None},
        "frames": {"captured": report["frames"]["captured"], "failed": report["frames"]["failed"]},
        "clients": counters,
    }
    assert sorted(counters) == [
        "accepted", "connections", "evicted", "faults", "refused", "rejected", "requests",
        "timeouts", "tls_failed", "vanished", "viewers", "viewers_max",
    ]  # fmt: skip
    wait_until(lambda: connections(server) == 1)  # those of the tests before are closed
    assert (counters["viewers"], counters["viewers_max"]) == (0, 4)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/api/camera", 405),
        ("PUT", "/api/status", 405),
        ("PATCH", "/api/nothing", 405),
        ("GET", "/api/nothing", 404),
    ],
)
def test_other_requests(server: Server, method: str, path: str, status: int) -> None:
    assert server.request(method, path)[0] == status
