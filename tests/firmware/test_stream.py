"""One capture for all viewers; slow, vanished and refused viewers; a camera that fails."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from typing import Any

import httpx
import pytest

from tests.kit.server import Server, Start
from tests.kit.viewer import viewing


def check_whole(jpeg: bytes) -> None:
    """The fake camera writes one number into all of a picture."""
    assert jpeg[:2] == b"\xff\xd8"
    assert jpeg[-2:] == b"\xff\xd9"
    assert len(set(jpeg[2:-2])) == 1


def idle(server: Server) -> dict[str, Any]:
    """Wait until no stream runs and the producer has stopped capturing."""
    found = server.wait(lambda probe: probe["viewers"] == 0)
    assert (found["viewers"], found["parts"]) == (0, 0)
    return found


def test_parts(server: Server) -> None:
    idle(server)
    with viewing(server) as viewer:
        parts = [viewer.part() for _ in range(5)]
    numbers = [part[0] for part in parts]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    stamps = [part[1] for part in parts]
    assert stamps == sorted(set(stamps))
    for _, _, jpeg in parts:
        assert len(jpeg) == 2000
        check_whole(jpeg)


def test_viewers_share_captures(server: Server) -> None:
    before = idle(server)
    with contextlib.ExitStack() as stack:
        viewers = [stack.enter_context(viewing(server, "?fps=20")) for _ in range(4)]
        seen = [[viewer.part() for _ in range(10)] for viewer in viewers]
    after = idle(server)
    pictures = {number: jpeg for parts in seen for number, _, jpeg in parts}
    for parts in seen:
        for number, _, jpeg in parts:
            assert pictures[number] == jpeg
    captured = after["captures"] - before["captures"]
    assert captured == after["frames"] - before["frames"]
    assert len(pictures) <= captured
    shared = [sum(number in {part[0] for part in parts} for parts in seen) for number in pictures]
    assert max(shared) == 4


def test_camera_rests_without_viewers(server: Server) -> None:
    with viewing(server) as viewer:
        viewer.part()
    before = idle(server)
    time.sleep(0.3)
    assert server.probe()["captures"] == before["captures"]


def test_nothing_is_captured_for_a_viewer_that_takes_nothing(start: Start) -> None:
    server = start(write_timeout_ms=60000)
    server.set_camera(size=100_000)
    with viewing(server, receive_buffer=8192):
        counts = [-1, server.probe()["captures"]]
        while counts[-1] != counts[-2] and len(counts) < 40:  # the kernel's buffers fill first
            time.sleep(0.3)
            counts.append(server.probe()["captures"])
        assert counts[-1] == counts[-2]


def test_slow_viewer_holds_nobody(start: Start) -> None:
    """One viewer reads nothing, another goes on; what the slow one then gets is whole."""
    server = start(write_timeout_ms=60000)
    server.set_camera(size=100_000)
    with viewing(server, receive_buffer=8192) as slow, viewing(server) as fast:
        numbers = []
        for _ in range(120):
            number, _, jpeg = fast.part()
            check_whole(jpeg)
            numbers.append(number)
        assert numbers == sorted(set(numbers))
        assert server.probe()["parts"] <= 3
        late = [0]
        while late[-1] <= numbers[-1]:
            number, _, jpeg = slow.part()
            check_whole(jpeg)
            late.append(number)
        assert late == sorted(set(late))
        assert len(late) < late[-1] - late[1]  # it skipped what it could not take


def test_frozen_viewer_is_dropped_and_its_slot_free(server: Server) -> None:
    before = idle(server)
    server.set_camera(size=400_000)
    with viewing(server, receive_buffer=8192):
        after = server.wait(lambda probe: probe["timeouts"] > before["timeouts"])
        assert after["timeouts"] == before["timeouts"] + 1
        idle(server)


def test_vanished_viewers_free_their_slots(server: Server) -> None:
    before = idle(server)
    for _ in range(6):
        with viewing(server) as viewer:
            viewer.part()
        idle(server)
    after = server.probe()
    assert after["faults"] == before["faults"]
    assert after["lines"] == before["lines"]


def test_fps(server: Server) -> None:
    idle(server)
    with viewing(server, "?fps=10") as viewer:
        stamps = [viewer.part()[1] for _ in range(12)]
    # On a schedule: the first may be one interval late, the last one interval old.
    assert stamps[-1] - stamps[0] >= 0.899


@pytest.mark.parametrize("fps", ["0", "61", "-1", "1.5", "", "x", "%C2%B2", "999999999999"])
def test_bad_fps(server: Server, fps: str) -> None:
    status, headers, _ = server.request("GET", "/api/stream?fps=" + fps)
    answer = httpx.get(f"{server.url}/api/stream?fps={fps}")
    assert status == answer.status_code == 400
    assert headers["Cache-Control"] == "no-store"
    assert answer.json()["error"] == "fps must be a whole number from 1 to 60"
    assert answer.json()["field"] == "fps"
    assert answer.json()["range"] == {"min": 1, "max": 60}


def test_slots(server: Server) -> None:
    idle(server)
    with contextlib.ExitStack() as stack:
        viewers = [stack.enter_context(viewing(server)) for _ in range(4)]
        for viewer in viewers:
            viewer.part()
        answer = httpx.get(server.url + "/api/stream")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert answer.json() == {
            "error": "all 4 stream slots are taken",
            "code": "streams-taken",
            "remedy": "close a viewer or try again later",
        }
        # The others, and the control endpoints, go on.
        assert server.request("GET", "/api/status")[0] == 200
        assert server.request("GET", "/api/capture")[0] == 200
        viewers[0].part()
    idle(server)
    with viewing(server) as viewer:
        viewer.part()


def test_head_takes_no_slot(server: Server) -> None:
    idle(server)
    for _ in range(6):
        status, headers, body = server.request("HEAD", "/api/stream")
        assert (status, body) == (200, b"")
        assert headers["Content-Type"] == "multipart/x-mixed-replace; boundary=frame"
    assert server.probe()["viewers"] == 0


def test_capture_in_a_stream_shares_the_numbering(server: Server) -> None:
    idle(server)
    with viewing(server, "?fps=5") as viewer:
        first = viewer.part()[0]
        status, headers, jpeg = server.request("GET", "/api/capture")
        assert status == 200
        check_whole(jpeg)
        number = int(headers["X-Frame-Id"])
        assert number > first
        assert viewer.part()[0] >= number
    after = idle(server)
    assert after["frames"] + after["failures"] == after["captures"]


def test_others_are_served_while_a_picture_is_made(server: Server) -> None:
    """A driver that works for long does so in steps; it is the requests between them that are counted."""
    idle(server)
    server.set_camera(steps=10**9)
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as waiting:
        waiting.request("GET", "/api/capture")
        for _ in range(20):
            assert server.request("GET", "/api/status")[0] == 200
        server.set_camera(steps=5)
        check_whole(waiting.getresponse().read())


def test_captures_at_the_same_time(server: Server) -> None:
    """Each is a picture of its own, and whole, whoever made the steps for it."""
    idle(server)
    server.set_camera(steps=50)
    found = []
    with viewing(server) as viewer:
        viewer.part()

        def capture() -> None:
            _, headers, jpeg = server.request("GET", "/api/capture")
            found.append((int(headers["X-Frame-Id"]), jpeg))

        threads = [threading.Thread(target=capture) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        streamed = [viewer.part()[0] for _ in range(3)]
    assert streamed == sorted(set(streamed))
    assert len({number for number, _ in found}) == 6
    for _, jpeg in found:
        check_whole(jpeg)


def test_full_heap_is_said(server: Server) -> None:
    before = idle(server)
    server.set_camera(mode="full")
    answer = httpx.get(server.url + "/api/capture")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json()["error"].startswith("no memory for the picture; choose a smaller frame_size")
    after = server.probe()
    assert (after["failures"], after["faults"]) == (before["failures"] + 1, before["faults"])


@pytest.mark.parametrize("mode", ["none", "error", "bug", "broken", "full"])
def test_stream_outlives_a_failing_camera(server: Server, mode: str) -> None:
    before = idle(server)
    with viewing(server) as viewer:
        viewer.part()
        server.set_camera(mode=mode)
        failing = server.wait(lambda probe: probe["failures"] >= before["failures"] + 3)
        assert failing["failures"] >= before["failures"] + 3
        assert failing["viewers"] == 1
        server.set_camera(mode="good")
        start_of_failure = failing["frames"]
        while viewer.part()[0] <= start_of_failure:
            pass
    after = idle(server)
    assert after["faults"] == before["faults"]


def test_stalled_stream_repeats_itself(start: Start) -> None:
    """Before the first picture a line break, after it the last one: so a gone viewer is noticed."""
    server = start()
    server.set_camera(mode="none")
    with viewing(server) as viewer:
        while not viewer.data:
            viewer.more()
        assert viewer.data == b"\r\n"
        viewer.data = b""
        server.set_camera(mode="good")
        while viewer.data[:2] == b"\r\n" or not viewer.data:
            viewer.data = viewer.data.lstrip(b"\r\n")
            if not viewer.data:
                viewer.more()
        first = viewer.part()
        server.set_camera(mode="none")
        last = first
        while (part := viewer.part())[0] != last[0]:
            last = part
        assert part == last
    with viewing(server):
        pass
    found = server.wait(lambda probe: probe["viewers"] == 0)
    assert found["viewers"] == 0


def test_status_answers_beside_four_streams(server: Server) -> None:
    idle(server)
    server.set_camera(size=50_000)
    stop = threading.Event()
    counts = [0] * 4
    with contextlib.ExitStack() as stack:
        viewers = [stack.enter_context(viewing(server)) for _ in range(4)]

        def watch(i: int) -> None:
            while not stop.is_set():
                check_whole(viewers[i].part()[2])
                counts[i] += 1

        threads = [threading.Thread(target=watch, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(20):
            assert server.request("GET", "/api/status")[0] == 200
        stop.set()
        for thread in threads:
            thread.join(10)
    assert min(counts) > 0
    assert idle(server)["faults"] == server.probe()["faults"]
